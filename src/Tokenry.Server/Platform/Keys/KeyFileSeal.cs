using System.Security.Cryptography;
using Tokenry.Server.Platform.Keys.Pkcs11;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Platform.Keys;

/// <summary>
/// What seals the key file where a PKCS#11 token guards it: a key that the token derives, from the file's salt, of a secret that never leaves it. Without
/// the token the file opens nothing, so that disk and backups may be lost together.
/// </summary>
public sealed class KeyFileSeal(Pkcs11Token token, Pkcs11Options options)
{
    private const string Purpose = "tokenry/key-file";

    /// <summary>Whether the file shall be sealed; one that is, opens in either case.</summary>
    public bool IsWanted => options.GuardsKeyFile;

    /// <param name="seal">The token that is configured; <c>null</c> = none.</param>
    /// <param name="path">Of the file, for words.</param>
    /// <param name="file">What was read there.</param>
    /// <exception cref="StartupException">It does not open; says what to do.</exception>
    public static byte[] Open(KeyFileSeal? seal, string path, SealedKeyFile file) =>
        seal is not null
            ? seal.Open(path, file)
            : throw new StartupException(
                $"The key file {path} is sealed by the PKCS#11 token '{file.TokenLabel}'. Set Tokenry:Pkcs11:Module, :Token and :PinFile to that "
                    + "token, or put an unsealed copy there."
            );

    /// <param name="path">Of the file, for words.</param>
    /// <param name="content">What is to be sealed.</param>
    /// <param name="before">What is there now, whose secret goes on being used.</param>
    /// <exception cref="StartupException">The token does not serve.</exception>
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

    /// <summary>The secret answers nothing else, should it ever be used for more.</summary>
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
                $"The key file {path} was changed, or is sealed by another key than that of the PKCS#11 token '{label}'."
            );
        }
    }
}
