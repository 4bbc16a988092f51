using System.Net;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server.Foundation.Http;

/// <summary>Where a request comes from and what it is called; made when first asked for.</summary>
public sealed class RequestFacts
{
    private const int LongestAgent = 200;

    private RequestFacts(HttpContext context)
    {
        RequestId = PublicId.Create("req", PublicId.NewUuid7(context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow()));
        var leg = ClientLeg.Of(context, context.RequestServices.GetRequiredService<TokenryOptions>().TrustedProxies);
        Address = leg.Address;
        IsFromProxy = leg.IsFromProxy;
        IsInClear = leg.IsInClear;
        Ip = Address?.ToString();
        var agent = context.Request.Headers.UserAgent.ToString();
        Agent = agent.Length == 0 ? null : Cleaned(context.RequestServices.GetRequiredService<Brands>().Redact(agent));
        Method = context.Request.Method;
        Path = context.Request.Path.Value ?? "";
        var keys = context.Request.Headers["Idempotency-Key"];
        IdempotencyKey = keys.Count == 0 ? null : keys.ToString();
    }

    /// <summary><c>req_…</c>, also in the answer's <c>X-Request-Id</c>.</summary>
    public string RequestId { get; }

    /// <summary>Whether the peer is a listed proxy, whose forwarded headers count.</summary>
    public bool IsFromProxy { get; }

    /// <summary>The peer, or the client a listed proxy vouches for; IPv4 even where it came mapped into IPv6.</summary>
    public IPAddress? Address { get; }

    public string? Ip { get; }

    /// <summary>Whether anybody on the way could read along; see <see cref="TlsRequirement"/>.</summary>
    public bool IsInClear { get; }

    public string? Agent { get; }

    public string Method { get; }

    public string Path { get; }

    /// <summary>Method and path.</summary>
    public string Route => $"{Method} {Path}";

    public string? IdempotencyKey { get; }

    /// <summary>SHA-256 of the body, once it was read; for idempotency.</summary>
    public byte[] BodyHash { get; set; } = [];

    private static string Cleaned(string agent) => new([.. agent.Take(LongestAgent).Select(c => char.IsControl(c) || c > 126 ? '?' : c)]);

    public static RequestFacts Of(HttpContext context)
    {
        if (context.Items.TryGetValue(typeof(RequestFacts), out var known))
        {
            return (RequestFacts)known!;
        }

        var facts = new RequestFacts(context);
        context.Items[typeof(RequestFacts)] = facts;
        return facts;
    }
}
