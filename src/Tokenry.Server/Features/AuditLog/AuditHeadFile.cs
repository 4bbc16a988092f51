using System.Text;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.AuditLog;

/// <summary>
/// The newest signed head on disk, outside the database. The server compares a restored or shortened trail with it. The file has one line for each store
/// that used this directory, the last one written first.
/// </summary>
public sealed class AuditHeadFile(TokenryOptions options, HeadSigner signer)
{
    private const int LongestFile = 16384;
    private const int MostOthers = 7;

    public string Path => options.Store.AuditHeadFile;

    /// <summary>Reads the heads for the store that is open.</summary>
    public HeadsOnDisk Read()
    {
        try
        {
            var lines = Lines();
            var heads = lines.Select(line => signer.Read(Encoding.ASCII.GetBytes(line))).ToList();
            return new HeadsOnDisk
            {
                Own = heads.FirstOrDefault(head => head is not null && signer.IsOwn(head)),
                Other = heads.FirstOrDefault(head => head is not null && !signer.IsOwn(head)),
                // A line that the server cannot verify may have been the line of this store.
                Fault = heads.Contains(null) ? $"The audit head {Path} was changed, or was not made with this key file." : null,
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new HeadsOnDisk { Fault = $"The audit head {Path} cannot be read: {exception.Message}" };
        }
    }

    /// <summary>Replaces the line of the open store; the lines of other stores stay.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string jws)
    {
        var others = Lines().Where(line => signer.Read(Encoding.ASCII.GetBytes(line)) is { } head && !signer.IsOwn(head)).Take(MostOthers);
        PrivateFile.Write(Path, Encoding.ASCII.GetBytes(string.Concat(others.Prepend(jws).Select(line => line + "\n"))), overwrite: true);
    }

    private string[] Lines()
    {
        if (!File.Exists(Path))
        {
            return [];
        }

        using var file = File.OpenRead(Path);
        var content = new byte[Math.Min(LongestFile, file.Length)];
        file.ReadExactly(content);
        return Encoding.ASCII.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}

/// <summary>The content of <see cref="AuditHeadFile"/>.</summary>
public sealed record HeadsOnDisk
{
    /// <summary>The newest head of the store that is open.</summary>
    public ChainHead? Own { get; init; }

    /// <summary>The newest head of another store.</summary>
    public ChainHead? Other { get; init; }

    /// <summary>Why the file or one of its lines is unusable; <c>null</c> if there is no fault or no file.</summary>
    public string? Fault { get; init; }
}
