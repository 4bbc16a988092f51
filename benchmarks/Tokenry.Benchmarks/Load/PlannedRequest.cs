using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Serialization;
using Tokenry.Testing;

namespace Tokenry.Benchmarks.Load;

/// <summary>A request of the load, and a text that every good answer to it holds.</summary>
public sealed record PlannedRequest
{
    public required string Method { get; init; }

    /// <summary>From the slash on, with its query.</summary>
    public required string Path { get; init; }

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    public string? Body { get; init; }

    [JsonPropertyName("expect")]
    public string Expected { get; init; } = "";

    /// <summary>The client's certificate and its key in PEM, where it authenticates by that.</summary>
    public string? Certificate { get; init; }

    /// <summary>Where clients with certificates come to; otherwise the subject's own address.</summary>
    public string? TlsAddress { get; init; }

    /// <summary>Makes the request that is sent in its place, where it carries something that is good once.</summary>
    [JsonIgnore]
    public Func<PlannedRequest>? Anew { get; init; }

    public static PlannedRequest Get(string path, string? bearer, string expected) =>
        new()
        {
            Method = "GET",
            Path = path,
            Headers = Authorization(bearer is null ? null : "Bearer " + bearer),
            Expected = expected,
        };

    public static PlannedRequest Post(string path, string contentType, string body, string? authorization, string expected) =>
        new()
        {
            Method = "POST",
            Path = path,
            Headers = new Dictionary<string, string>(Authorization(authorization)) { ["Content-Type"] = contentType },
            Body = body,
            Expected = expected,
        };

    /// <summary>Over TLS by the client whose certificate it is.</summary>
    public PlannedRequest WithCertificate(X509Certificate2 certificate, string tlsAddress)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return this with
        {
            Certificate = $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n",
            TlsAddress = tlsAddress,
        };
    }

    /// <summary>With a new client assertion (RFC 7523) each time.</summary>
    public PlannedRequest WithAssertion(ClientKey key, string clientId, string audience) =>
        this with
        {
            Anew = () =>
                this with
                {
                    Body =
                        $"{Body}&client_id={clientId}&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={key.Assertion(clientId, audience)}",
                },
        };

    /// <summary>With a new DPoP proof (RFC 9449) each time.</summary>
    public PlannedRequest WithProof(ClientKey key, string uri) =>
        this with
        {
            Anew = () => this with { Headers = new Dictionary<string, string>(Headers) { ["DPoP"] = key.Proof(Method, uri) } },
        };

    /// <summary>As it is sent in HTTP/1.1.</summary>
    public byte[] ToBytes(string authority)
    {
        var text = new StringBuilder($"{Method} {Path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {Wrk.Agent}\r\n");
        foreach (var (name, value) in Headers)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        if (Body is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"Content-Length: {Encoding.UTF8.GetByteCount(Body)}\r\n");
        }

        return Encoding.UTF8.GetBytes(text.Append("\r\n").Append(Body).ToString());
    }

    private static Dictionary<string, string> Authorization(string? authorization) =>
        authorization is null ? [] : new() { ["Authorization"] = authorization };
}
