using System.Security.Cryptography;
using System.Text.Json;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Keys;

/// <summary>The key file on disk, readable only by its owner, in clear or sealed by a PKCS#11 token. Creation and replacement are atomic.</summary>
internal static class KeyFile
{
    public const int KeyLength = 32;

    /// <summary>Creates a file with the first version of every key. If a replica that shares the directory created one first, that file counts.</summary>
    /// <exception cref="StartupException">The file cannot be written.</exception>
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

    /// <exception cref="StartupException">The file cannot be written; the old file is unchanged.</exception>
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

    /// <summary>With a configured token: rewrites the file if it is sealed but should be in clear, or in clear but should be sealed.</summary>
    /// <exception cref="StartupException">The file cannot be written; the old file is unchanged.</exception>
    public static void Protect(string path, KeyFileContent content, KeyFileSeal? seal)
    {
        if (seal is not null && seal.IsWanted != FindSealed(path) is not null)
        {
            Replace(path, content, seal);
        }
    }

    /// <exception cref="StartupException">The file is broken or readable by other users, or it is sealed and does not open.</exception>
    public static KeyFileContent Read(string path, KeyFileSeal? seal)
    {
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & others) != 0)
        {
            throw new StartupException($"Other users of this machine can read the key file {path}. Run: chmod 600 {path}");
        }

        if (new FileInfo(path).Length == 0)
        {
            throw new StartupException(
                $"The key file {path} is empty. Restore it from its backup. If the store is still empty too, delete the file and start again."
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
            throw new StartupException($"The server cannot read the key file {path}: {exception.Message}");
        }

        throw new StartupException(
            $"The key file {path} lacks a key, or contains one that is not {KeyLength} bytes long. Restore it from its backup."
        );
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
        new($"The server cannot write the key file {path}: {exception.Message}");

    private static IEnumerable<byte[]> AllKeys(KeyFileContent content) =>
        content.Peppers.Values.Concat(content.KeyEncryptionKeys.Values).Concat(content.AuditKeys.Values);
}
