using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Features.OAuth.ClientAuthentication;
using Tokenry.Server.Features.Verification;
using Tokenry.Server.Platform.Certificates;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Tests.Edges;

/// <summary>The parsers of the server alone.</summary>
internal static class ServerParsers
{
    private static readonly IServiceProvider Services = new ServiceCollection()
        .AddSingleton(TimeProvider.System)
        .AddSingleton(
            TokenryOptions.Read(new ConfigurationBuilder().AddInMemoryCollection([new("Tokenry:TrustedProxies", "192.0.2.1")]).Build())
        )
        .BuildServiceProvider();

    private static readonly JsonSerializerOptions WithoutNulls = new(TokenryJson.Strict)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static IEnumerable<Parser> All =>
        [
            new("FormParameters", ReadForm, "grant_type=client_credentials&scope=a+b%20c&resource=1&resource=2"),
            new(
                "form escapes",
                text => FormParameters.TryDecode(Loose.Bytes(text), out var decoded) ? Uri.EscapeDataString(decoded) : null,
                "a+b%20%C3%A9"
            ),
            new("ClientSecretBasic", ReadBasic, "Basic " + Convert.ToBase64String("app_1:a%2Bb"u8)),
            new(
                "Carrier: Authorization",
                text =>
                    Carrier.Of(new HeaderDictionary { ["Authorization"] = text }).Presented is { Length: > 0 } presented
                        ? "Bearer " + presented
                        : null,
                "Bearer tkr_key_x",
                "token x"
            ),
            new(
                "Body<VerifyRequest>",
                text => ReadBody<VerifyRequest>(text, "application/json"),
                """{"token":"x","scopes":["a"],"ip":"::1"}""",
                """{"method":"GET","proof":{"uri":"https://a.example/b","headers":{"signature":["a=:AA==:","b"],"Signature-Input":["a=();tag=\"x\""]}}}"""
            ),
            new(
                "VerifyRequestReader",
                text => VerifyRequestReader.Read(Loose.Bytes(text)) is { } read ? JsonSerializer.Serialize(read, WithoutNulls) : null,
                """{"token":"x","scopes":["a"],"ip":"::1"}"""
            ),
            new(
                "Body<CredentialRequest>",
                text => ReadBody<CredentialRequest>(text, "application/json"),
                """{"name":"n","metadata":{"a":[1,"é"]},"expires_at":"2099-01-01T00:00:00Z","permissions":[]}"""
            ),
            new(
                "media type of a body",
                text => ReadBody<RotationRequest>("""{"overlap_seconds":0}""", text) is null ? null : text,
                "application/json",
                "application/merge-patch+json; charset=\"utf-8\""
            ),
            new("media type of a form", text => ReadFormOfType(text), "application/x-www-form-urlencoded; charset=utf-8"),
            new("Listing", ReadListing, "?limit=7&cursor=usr_0000000000000000000007&from=2099-01-01T00:00:00Z&state=active"),
            new(
                "network range",
                text => TokenryOptions.TryParseNetwork(text, out var network) ? network.ToString() : null,
                "10.0.0.0/8",
                "2001:db8::/32",
                "192.0.2.7"
            ),
            new(
                "X-Forwarded-For",
                text => ReadLeg(text, "https").Address?.ToString(),
                "203.0.113.7",
                "junk, 203.0.113.7",
                "[2001:db8::1]:443"
            ),
            new("X-Forwarded-Proto", text => ReadLeg("203.0.113.7", text).IsInClear ? null : "https", "https", "http, https"),
            new("CertificateText: PEM", text => Pem(CertificateText.TryPem(text, out var read), read), Certificate.ExportCertificatePem()),
            new(
                "CertificateText: base64",
                text => CertificateText.TryBase64(text, out var read) ? Convert.ToBase64String(read.RawData) : null,
                Convert.ToBase64String(Certificate.RawData)
            ),
            new(
                "CertificateText: bundle",
                text =>
                    CertificateText.ReadBundle(text, most: 3) is { } read
                        ? string.Concat(read.Select(one => one.ExportCertificatePem() + "\n"))
                        : null,
                Certificate.ExportCertificatePem() + "\n" + Certificate.ExportCertificatePem()
            ),
            new("X-SSL-Client-Cert", text => Forwarded("nginx", text) is { } read ? read.EscapedPem() : null, Certificate.EscapedPem()),
            new("Client-Cert", text => Forwarded("rfc9440", text) is { } read ? read.ByteSequence() : null, Certificate.ByteSequence()),
            new(
                "DistinguishedName",
                text => DistinguishedName.TryParse(text, out var read) ? read.ToString() : null,
                "CN=billing,O=Example",
                @"CN=a\,b+OU=\c3\a9\20,2.5.4.15=#0c0161"
            ),
            new("RequestTarget", RequestTarget.OriginForm, "/a%2Fb?c", "https://a.example/b?c", "http://a.example?c"),
            new("text for people", text => Validation.IsClean(text) ? text : null, "Invoices é 😀") { HasOneForm = true },
            new("text of people", text => Validation.IsReadable(text) ? text : null, "می\u200Cخواهم", "क्\u200Dष", "👩🏽\u200D💻")
            {
                HasOneForm = true,
            },
            new("EmailAddress", text => EmailAddress.IsValid(text) ? text : null, "o'brien+tag@sub.example.com") { HasOneForm = true },
            new(
                "AddressText",
                text => AddressText.TryParse(text, out var address) ? address.ToString() : null,
                "198.51.100.7:443",
                "[2001:db8::1]:443"
            ),
        ];

    private static X509Certificate2 Certificate { get; } = TestAuthority.SelfSigned(new LeafOptions { Dns = "billing.example.com" });

    private static string? Pem(bool isOne, X509Certificate2? read) => isOne ? read!.ExportCertificatePem() : null;

    private static X509Certificate2? Forwarded(string setting, string value)
    {
        Assert.True(ClientCertificateHeader.TryParse(setting, out var header));
        return header!.TryRead(new HeaderDictionary { [header.Name] = value }, out var read) ? read : null;
    }

    private static string? ReadForm(string text)
    {
        if (!FormParameters.TryParse(Loose.Bytes(text), out var form))
        {
            return null;
        }

        _ = form.RepeatsAny("resource");
        return string.Join(
            '&',
            new[] { "grant_type", "scope", "resource" }.SelectMany(name =>
                form.All(name).Select(value => $"{name}={Uri.EscapeDataString(value)}")
            )
        );
    }

    private static string? ReadFormOfType(string type)
    {
        var context = Request("a=1", type);
        var (form, fault) = Now(FormParameters.ReadAsync(context.Request));
        Assert.NotEqual(form is null, fault is null);
        return form is null ? null : type;
    }

    private static string? ReadBasic(string text)
    {
        var presented = ClientSecretBasic.Read(new HeaderDictionary { ["Authorization"] = text });
        return presented is { ClientId: { } id, Proof: { } secret }
            ? "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(id)}:{Uri.EscapeDataString(secret)}"))
            : null;
    }

    private static string? ReadBody<T>(string text, string type)
        where T : class
    {
        T read;
        try
        {
            read = Now(Body<T>.BindAsync(Request(text, type), null!))!.Value;
        }
        catch (ProblemException problem) when (problem.Status is 400 or 415)
        {
            Assert.All(
                problem.Errors?.Keys ?? [],
                member => Assert.True(member.Length is > 0 and <= 101 && Validation.IsClean(member), member)
            );
            return null;
        }

        try
        {
            return JsonSerializer.Serialize(read, TokenryJson.Strict);
        }
        catch (JsonException)
        {
            return null; // an element lacks a member, which the operation's own check names ("each needs api and scopes")
        }
    }

    private static string? ReadListing(string query)
    {
        var context = Request("", null);
        context.Request.QueryString = new QueryString(query.StartsWith('?') ? query : "?" + query);
        try
        {
            KnownQuery.Check(
                context.Request.Query,
                [.. new[] { "limit", "cursor", "from", "state" }.Select(name => new QueryParameter(name))]
            );
            var listing = Now(Listing.BindAsync(context, null!))!;
            return string.Create(
                null,
                $"?limit={listing.Limit}&cursor={Uri.EscapeDataString(listing.IdCursor("usr") ?? PublicId.Create("usr", 0))}&from={TimestampConverter.Format(listing.Time("from") ?? DateTimeOffset.UnixEpoch)}&state={listing.OneOf("state", "active") ?? "active"}"
            );
        }
        catch (ProblemException problem) when (problem.Status is 400)
        {
            return null;
        }
    }

    private static ClientLeg ReadLeg(string forwardedFor, string proto)
    {
        var context = Request("", null);
        context.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.1");
        context.Request.Headers["X-Forwarded-For"] = forwardedFor;
        context.Request.Headers["X-Forwarded-Proto"] = proto;
        return ClientLeg.Of(context, Services.GetRequiredService<TokenryOptions>().TrustedProxies);
    }

    private static DefaultHttpContext Request(string body, string? type)
    {
        var context = new DefaultHttpContext { RequestServices = Services };
        context.Request.ContentType = type;
        context.Request.Body = new MemoryStream(Loose.Bytes(body));
        var options = Services.GetRequiredService<TokenryOptions>();
        RequestFacts.Begin(context, TimeProvider.System, options, new Brands(options));
        return context;
    }

    /// <summary>From memory everything is there at once.</summary>
    private static T Now<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();
}
