using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;

namespace Tokenry.Server.Platform.Certificates;

/// <summary>The header in which a proxy forwards its client's certificate, and the format of its value.</summary>
/// <param name="name">The name of the header.</param>
/// <param name="isByteSequence"><c>true</c> = the format of RFC 9440; <c>false</c> = PEM with percent-escapes.</param>
public sealed class ClientCertificateHeader(string name, bool isByteSequence)
{
    /// <summary>The header of the setting <c>nginx</c> without a name.</summary>
    private const string NginxName = "X-SSL-Client-Cert";

    private const string NginxPrefix = "nginx:";

    public string Name => name;

    public bool IsByteSequence => isByteSequence;

    /// <summary>Reads the setting: <c>none</c>, <c>nginx</c>, <c>nginx:Name</c> or <c>rfc9440</c>.</summary>
    public static bool TryParse(string setting, out ClientCertificateHeader? header)
    {
        header =
            setting.Equals("rfc9440", StringComparison.OrdinalIgnoreCase) ? new("Client-Cert", isByteSequence: true)
            : setting.Equals("nginx", StringComparison.OrdinalIgnoreCase) ? new(NginxName, isByteSequence: false)
            : setting.StartsWith(NginxPrefix, StringComparison.OrdinalIgnoreCase) && IsName(setting[NginxPrefix.Length..])
                ? new(setting[NginxPrefix.Length..], isByteSequence: false)
            : null;
        return header is not null || setting.Equals("none", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether the header is present, under this name or one that another server would treat as equal.</summary>
    public bool IsIn(IHeaderDictionary headers) => headers.ContainsKey(name) || Variants(headers).Any();

    /// <summary>False for more than one certificate, another text, or the name in another spelling; an empty value means no certificate.</summary>
    public bool TryRead(IHeaderDictionary headers, out X509Certificate2? certificate)
    {
        certificate = null;
        var values = headers[name];
        return !Variants(headers).Any()
            && (values.Count == 0 || (values.Count == 1 && (string.IsNullOrEmpty(values[0]) || TryRead(values[0]!, out certificate))));
    }

    /// <summary>Reads one value.</summary>
    public bool TryRead(string value, [NotNullWhen(true)] out X509Certificate2? certificate) =>
        isByteSequence ? CertificateText.TryByteSequence(value, out certificate) : CertificateText.TryEscapedPem(value, out certificate);

    // CGI maps hyphens and underscores to the same name, and proxies clear only one of the two headers.
    private IEnumerable<string> Variants(IHeaderDictionary headers) =>
        headers.Keys.Where(key =>
            key.Contains('_', StringComparison.Ordinal) && key.Replace('_', '-').Equals(name, StringComparison.OrdinalIgnoreCase)
        );

    private static bool IsName(string name) => name.Length is > 0 and <= 100 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
