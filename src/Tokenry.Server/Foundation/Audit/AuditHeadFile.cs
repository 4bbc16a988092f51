using System.Text;
using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server.Foundation.Audit;

/// <summary>The newest signed head on disk, outside the database: what a restored or shortened trail is compared with.</summary>
public sealed class AuditHeadFile(TokenryOptions options, HeadSigner signer)
{
    private const int LongestFile = 8192;

    public string Path => options.AuditHeadFile;

    /// <summary>What the file says.</summary>
    /// <param name="fault">Why it says nothing; <c>null</c> where there is no file.</param>
    public ChainHead? Read(out string? fault)
    {
        fault = null;
        byte[] content;
        try
        {
            if (!File.Exists(Path))
            {
                return null;
            }

            using var file = File.OpenRead(Path);
            content = new byte[Math.Min(LongestFile + 1, file.Length)];
            file.ReadExactly(content);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            fault = $"The audit head {Path} cannot be read: {exception.Message}";
            return null;
        }

        var head = signer.Read(content.AsSpan().Trim("\r\n \t"u8));
        if (head is null)
        {
            fault = $"The audit head {Path} was changed, or was not made with this key file.";
        }

        return head;
    }

    /// <summary>Replaces it whole.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string jws) => PrivateFile.Write(Path, Encoding.ASCII.GetBytes(jws + "\n"), overwrite: true);
}
