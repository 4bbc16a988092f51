using System.Security.Cryptography;
using Tokenry.Server.Platform.Keys.Pkcs11;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Platform.Keys;

/// <summary>
/// Seals the key file with a key that a PKCS#11 token derives from the file's salt and a secret that never leaves the token. Without the token, the file is
/// useless, even to a thief of the disk and all backups.
/// </summary>
public sealed class KeyFileSeal(Pkcs11Token token, Pkcs11Options options)
{
    private const string Purpose = "tokenry/key-file";

    /// <summary>Whether the file should be sealed; a sealed file opens in either case.</summary>
    public bool IsWanted => options.GuardsKeyFile;

    /// <param name="seal">The seal of the configured token; <c>null</c> = none.</param>
    /// <param name="path">The path of the file, for messages.</param>
    /// <param name="file">The sealed file.</param>
    /// <exception cref="StartupException">The file does not open; the message says what to do.</exception>
    public static byte[] Open(KeyFileSeal? seal, string path, SealedKeyFile file) =>
        seal is not null
            ? seal.Open(path, file)
            : throw new StartupException(
                $"The key file {path} is sealed by the PKCS#11 token '{file.TokenLabel}'. Set Tokenry:Pkcs11:Module, :Token and :PinFile to that "
                    + "token, or replace the file with an unsealed copy."
            );

    /// <param name="path">The path of the file, for messages.</param>
    /// <param name="content">The content to seal.</param>
    /// <param name="before">The present file, whose secret is used again.</param>
    /// <exception cref="StartupException">The token does not work.</exception>
    public SealedKeyFile Close(string path, byte[] content, SealedKeyFile? before)
    {
        var salt = KeyFile.NewKey();
        return AskToken(
            path,
            options.Label,
            () =>
            {
                var keyId = before?.KeyId ?? token.MakeSecret();
                return new SealedKeyFile(options.Label, keyId, salt, AesGcmBox.Seal(token.Mac(keyId, Salted(salt)), content, Purpose));
            }
        );
    }

    private byte[] Open(string path, SealedKeyFile file) =>
        AskToken(path, file.TokenLabel, () => AesGcmBox.Open(token.Mac(file.KeyId, Salted(file.Salt)), file.Content, Purpose));

    /// <summary>Binds the derived key to this purpose, in case the secret is used for other purposes later.</summary>
    private static byte[] Salted(byte[] salt) => [.. System.Text.Encoding.ASCII.GetBytes(Purpose), 0, .. salt];

    private static T AskToken<T>(string path, string label, Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (StoreUnavailableException exception)
        {
            throw new StartupException($"The key file {path} is sealed by the PKCS#11 token '{label}'. {exception.Message}");
        }
        catch (CryptographicException)
        {
            throw new StartupException(
                $"The key file {path} was changed, or a key other than that of the PKCS#11 token '{label}' sealed it. Restore it from its backup."
            );
        }
    }
}
