using System.Net;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Http;

/// <summary>The origin of a request, and its id.</summary>
public sealed class RequestFacts
{
    private const int LongestAgent = 200;

    /// <summary>How many characters of an agent are read: masking can shorten the text, so it may need more than it keeps.</summary>
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

    /// <summary><c>req_…</c>, also in the answer's header <c>X-Request-Id</c>.</summary>
    public string RequestId { get; }

    /// <summary>Whether the peer is a trusted proxy, whose forwarded headers count.</summary>
    public bool IsFromProxy { get; }

    /// <summary>The peer, or the client that a trusted proxy names; an IPv4 address mapped into IPv6 becomes IPv4.</summary>
    public IPAddress? Address { get; }

    public string? Ip => Address?.ToString();

    /// <summary>Whether the request crossed a network in plain http; see <see cref="TlsRequirement"/>.</summary>
    public bool IsInClear { get; }

    /// <summary>Whether a trusted proxy says that the client used plain http.</summary>
    public bool IsToldPlain { get; }

    public string? Agent { get; }

    public string Method { get; }

    public string Path { get; }

    /// <summary>Method and path.</summary>
    public string Route => $"{Method} {Path}";

    /// <summary>From the header, or for a form of a page from its field.</summary>
    public string? IdempotencyKey { get; set; }

    /// <summary>What the request asks about the effect of its change; <c>null</c> if nothing, or if the route changes no rights.</summary>
    public RightsPreview? Preview { get; set; }

    /// <summary>Whether the server has authenticated the caller; see <see cref="UnknownSenders"/>.</summary>
    public bool IsFromKnownCaller { get; set; }

    /// <summary>SHA-256 of the body after it was read; for idempotency.</summary>
    public byte[] BodyHash { get; set; } = [];

    // Nearly every agent is clean already, so this avoids a copy.
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

    /// <summary>The facts of a request; available from the first middleware on.</summary>
    public static RequestFacts Of(HttpContext context) =>
        // By type, because the generic method is several times as slow for an interface.
        (RequestFacts?)context.Features[typeof(RequestFacts)]
        ?? throw new InvalidOperationException("The request has not passed the first step yet.");

    /// <summary>Creates the facts and stores them in the features of the request; Items would cost one more dictionary for each request.</summary>
    internal static RequestFacts Begin(HttpContext context, TimeProvider time, TokenryOptions options, Brands brands)
    {
        var facts = new RequestFacts(context, time, options, brands);
        context.Features[typeof(RequestFacts)] = facts;
        return facts;
    }
}
