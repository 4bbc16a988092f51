using System.Security.Cryptography;

namespace Tokenry.Server.Platform.Settings;

/// <summary>Public keys of secret scanners. Keys: <c>docs/configuration.md</c>.</summary>
internal static class ScannerKeyOptions
{
    /// <summary>Reads each key as PEM or as the base64 inside it.</summary>
    public static Dictionary<string, byte[]> Read(IConfigurationSection section, List<string> faults)
    {
        var keys = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var child in section.GetChildren())
        {
            try
            {
                using var key = ECDsa.Create();
                var text = child.Value ?? "";
                if (text.Contains("-----BEGIN", StringComparison.Ordinal))
                {
                    key.ImportFromPem(text);
                }
                else
                {
                    key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(text), out _);
                }

                if (key.KeySize != 256)
                {
                    throw new CryptographicException("another curve");
                }

                keys[child.Key] = key.ExportSubjectPublicKeyInfo();
            }
            catch (Exception exception) when (exception is CryptographicException or FormatException or ArgumentException)
            {
                faults.Add($"Tokenry:LeakReports:Keys:{child.Key} is not a public key of ECDSA P-256 in PEM or base64.");
            }
        }

        return keys;
    }
}
