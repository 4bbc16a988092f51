using System.Net;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server.Foundation.Http;

/// <summary>Where a request comes from and what it is called; made when first asked for.</summary>
public sealed class RequestFacts
{
    private const int LongestAgent = 200;

    private RequestFacts(HttpContext context)
    {
        RequestId = PublicId.Create("req", PublicId.NewUuid7(context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow()));
        var proxies = context.RequestServices.GetRequiredService<TokenryOptions>().TrustedProxies;
        IsFromProxy = proxies.Count > 0 && IsProxy(Unmap(context.Connection.RemoteIpAddress), proxies);
        Address = IsFromProxy ? ClientAddress(context, proxies) : Unmap(context.Connection.RemoteIpAddress);
        Ip = Address?.ToString();
        var agent = context.Request.Headers.UserAgent.ToString();
        Agent = agent.Length == 0 ? null : new string([.. agent.Take(LongestAgent).Select(c => char.IsControl(c) || c > 126 ? '?' : c)]);
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

    public string? Agent { get; }

    public string Method { get; }

    public string Path { get; }

    /// <summary>Method and path.</summary>
    public string Route => $"{Method} {Path}";

    public string? IdempotencyKey { get; }

    /// <summary>SHA-256 of the body, once it was read; for idempotency.</summary>
    public byte[] BodyHash { get; set; } = [];

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

    // From the right: the first address that is no listed proxy. What stands further left anybody may have written.
    private static IPAddress? ClientAddress(HttpContext context, IReadOnlyList<IPNetwork> proxies)
    {
        var address = Unmap(context.Connection.RemoteIpAddress);
        if (context.Request.Headers["X-Forwarded-For"].Count == 0)
        {
            return address; // the proxy asks for itself
        }

        var forwarded = context.Request.Headers["X-Forwarded-For"].ToString().Split(',', StringSplitOptions.TrimEntries);
        for (var i = forwarded.Length - 1; i >= 0 && IsProxy(address, proxies); i--)
        {
            // What cannot be read is nobody's address, and not the proxy's: limits by address must not open for it.
            if (!IPAddress.TryParse(forwarded[i], out var hop))
            {
                hop = IPEndPoint.TryParse(forwarded[i], out var endpoint) ? endpoint.Address : null;
            }

            address = Unmap(hop);
        }

        return address;
    }

    private static bool IsProxy(IPAddress? candidate, IReadOnlyList<IPNetwork> proxies) =>
        candidate is not null && proxies.Any(network => network.Contains(candidate));

    private static IPAddress? Unmap(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}
