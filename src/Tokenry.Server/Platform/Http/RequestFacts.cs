using System.Net;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Http;

/// <summary>Where a request comes from and what it is called.</summary>
public sealed class RequestFacts
{
    private const int LongestAgent = 200;

    /// <summary>What is looked at of one: what is masked makes room for what follows.</summary>
    private const int LongestAgentRead = 1000;

    private RequestFacts(HttpContext context, TimeProvider time, TokenryOptions options, Brands brands)
    {
        RequestId = PublicId.Create("req", PublicId.NewUuid7(time.GetUtcNow()));
        var leg = ClientLeg.Of(context, options.TrustedProxies);
        Address = leg.Address;
        IsFromProxy = leg.IsFromProxy;
        IsInClear = leg.IsInClear;
        IsToldPlain = leg.IsToldPlain;
        var agent = context.Request.Headers.UserAgent.ToString();
        Agent = agent.Length == 0 ? null : Cleaned(brands.Redact(agent, LongestAgentRead));
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

    public string? Ip => Address?.ToString();

    /// <summary>Whether anybody on the way could read along; see <see cref="TlsRequirement"/>.</summary>
    public bool IsInClear { get; }

    /// <summary>Whether a listed proxy says that the client did not speak TLS.</summary>
    public bool IsToldPlain { get; }

    public string? Agent { get; }

    public string Method { get; }

    public string Path { get; }

    /// <summary>Method and path.</summary>
    public string Route => $"{Method} {Path}";

    public string? IdempotencyKey { get; }

    /// <summary>What it asks about the effect of its change; <c>null</c> = nothing, or the route changes no rights.</summary>
    public RightsPreview? Preview { get; set; }

    /// <summary>Whether its caller has been authenticated; see <see cref="UnknownSenders"/>.</summary>
    public bool IsFromKnownCaller { get; set; }

    /// <summary>SHA-256 of the body, once it was read; for idempotency.</summary>
    public byte[] BodyHash { get; set; } = [];

    // Nearly every agent is clean already.
    private static string Cleaned(string agent) =>
        agent.Length <= LongestAgent && !agent.AsSpan().ContainsAnyExceptInRange(' ', '~')
            ? agent
            : string.Create(
                Math.Min(agent.Length, LongestAgent),
                agent,
                static (cleaned, agent) =>
                {
                    for (var i = 0; i < cleaned.Length; i++)
                    {
                        cleaned[i] = agent[i] is >= ' ' and <= '~' ? agent[i] : '?';
                    }
                }
            );

    /// <summary>Known from the first step of the pipeline on.</summary>
    public static RequestFacts Of(HttpContext context) =>
        // By the type and not by the generic method, which a shared generic of an interface makes several times as slow.
        (RequestFacts?)context.Features[typeof(RequestFacts)]
        ?? throw new InvalidOperationException("The request has not passed the first step yet.");

    /// <summary>Makes them and leaves them with the request: among its features, since Items would be a dictionary more for each.</summary>
    internal static RequestFacts Begin(HttpContext context, TimeProvider time, TokenryOptions options, Brands brands)
    {
        var facts = new RequestFacts(context, time, options, brands);
        context.Features[typeof(RequestFacts)] = facts;
        return facts;
    }
}
