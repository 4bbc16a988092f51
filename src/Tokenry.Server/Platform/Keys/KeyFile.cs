using System.Security.Cryptography;
using System.Text.Json;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Keys;

/// <summary>
/// The key file on disk: made whole or not at all, replaced whole or not at all, for its owner alone; in clear, or sealed by a PKCS#11 token.
/// </summary>
internal static class KeyFile
{
    public const int KeyLength = 32;

    /// <summary>A new file with the first version of every key; what another replica that shares the directory was first to make wins.</summary>
    /// <exception cref="StartupException">It cannot be written.</exception>
    public static KeyFileContent Create(string path, KeyFileSeal? seal)
    {
        var made = new KeyFileContent(new() { [1] = NewKey() }, new() { [1] = NewKey() }, new() { [1] = NewKey() });
        try
        {
            Write(path, made, seal, overwrite: false);
            return made;
        }
        catch (IOException) when (File.Exists(path))
        {
            return Read(path, seal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(path, exception);
        }
    }

    /// <exception cref="StartupException">It cannot be written; the old one is untouched.</exception>
    public static void Replace(string path, KeyFileContent content, KeyFileSeal? seal)
    {
        try
        {
            Write(path, content, seal, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(path, exception);
        }
    }

    /// <summary>Where a token is configured: writes the file again if it is sealed and shall not be, or the other way round.</summary>
    /// <exception cref="StartupException">It cannot be written; the old one is untouched.</exception>
    public static void Protect(string path, KeyFileContent content, KeyFileSeal? seal)
    {
        if (seal is not null && seal.IsWanted != FindSealed(path) is not null)
        {
            Replace(path, content, seal);
        }
    }

    /// <exception cref="StartupException">It is broken or readable by others, or sealed and does not open.</exception>
    public static KeyFileContent Read(string path, KeyFileSeal? seal)
    {
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & others) != 0)
        {
            throw new StartupException($"The key file {path} can be read by other users of this machine: chmod 600 {path}");
        }

        if (new FileInfo(path).Length == 0)
        {
            throw new StartupException(
                $"The key file {path} is empty. Copy it back from its backup; for a store that holds nothing yet, delete it and start again."
            );
        }

        try
        {
            var bytes = FindSealed(path) is { } found ? KeyFileSeal.Open(seal, path, found) : File.ReadAllBytes(path);
            var read = JsonSerializer.Deserialize(bytes, KeyFileJson.Default.KeyFileContent);
            if (
                read is { Peppers.Count: > 0, KeyEncryptionKeys.Count: > 0, AuditKeys.Count: > 0 }
                && AllKeys(read).All(key => key is { Length: KeyLength })
            )
            {
                return read;
            }
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The key file {path} cannot be read: {exception.Message}");
        }

        throw new StartupException($"The key file {path} lacks a key or holds one that is not {KeyLength} bytes long.");
    }

    public static byte[] NewKey() => RandomNumberGenerator.GetBytes(KeyLength);

    private static void Write(string path, KeyFileContent content, KeyFileSeal? seal, bool overwrite)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(content, KeyFileJson.Default.KeyFileContent);
        if (seal is { IsWanted: true })
        {
            var found = File.Exists(path) ? FindSealed(path) : null;
            bytes = JsonSerializer.SerializeToUtf8Bytes(seal.Close(path, bytes, found), KeyFileJson.Default.SealedKeyFile);
        }

        PrivateFile.Write(path, bytes, overwrite);
    }

    private static SealedKeyFile? FindSealed(string path) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(path), KeyFileJson.Default.SealedKeyFile) is { Content.Length: > 0 } found
            ? found
            : null;

    private static StartupException CannotWrite(string path, Exception exception) =>
        new($"The key file {path} cannot be written: {exception.Message}");

    private static IEnumerable<byte[]> AllKeys(KeyFileContent content) =>
        content.Peppers.Values.Concat(content.KeyEncryptionKeys.Values).Concat(content.AuditKeys.Values);
}
