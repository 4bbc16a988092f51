using System.Net;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// Refuses plain http between machines wherever a request could carry a secret: on every route but documents for anybody. It comes before
/// any credential is looked at; whatever the request carried has been readable on the way, and its sender must learn that.
/// </summary>
internal sealed partial class TlsRequirement(RequestDelegate next, TimeProvider time, ILogger<TlsRequirement> logger)
{
    private const int MostPeers = 1000;

    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private readonly Dictionary<IPAddress, long> warned = [];

    public Task InvokeAsync(HttpContext context)
    {
        var facts = RequestFacts.Of(context);
        // A path or method that no route takes may hold a secret as well: whoever sends it meant another.
        var route = context.GetEndpoint()?.Metadata;
        var access = route?.GetMetadata<RouteAccess>();
        if (!facts.IsInClear || IsPublicDocument(access, context.Request.Method) && route?.GetMetadata<RouteTakesCredentials>() is null)
        {
            return next(context);
        }

        if (IsFirstOfMinute(facts.Address ?? IPAddress.None))
        {
            LogRefused(facts.Ip);
        }

        return access is { Kind: RouteAuthentication.Client }
            ? OAuthRefusal.InvalidRequestAsync(
                context.Response,
                "use https: plain http is served on loopback and behind listed proxies only"
            )
            : throw new ProblemException(
                403,
                ProblemCode.TlsRequired,
                "Use https: plain http is served on loopback and behind listed proxies only. A credential sent this way has been readable on "
                    + "the way; rotate it."
            );
    }

    private static bool IsPublicDocument(RouteAccess? access, string method) =>
        access is { Kind: RouteAuthentication.Public } && (HttpMethods.IsGet(method) || HttpMethods.IsHead(method));

    /// <summary>Nobody fills the log by asking again, nor by asking from everywhere.</summary>
    private bool IsFirstOfMinute(IPAddress address)
    {
        lock (warned)
        {
            var now = time.GetTimestamp();
            if (warned.TryGetValue(address, out var last) && time.GetElapsedTime(last, now) < Silence)
            {
                return false;
            }

            if (warned.Count >= MostPeers)
            {
                foreach (var (old, _) in warned.Where(pair => time.GetElapsedTime(pair.Value, now) >= Silence).ToList())
                {
                    warned.Remove(old);
                }
            }

            if (warned.Count >= MostPeers)
            {
                return false;
            }

            warned[address] = now;
            return true;
        }
    }

    [LoggerMessage(
        EventId = 1,
        Level = LogLevel.Warning,
        Message = "tls_required: requests from {Ip} came over plain http and were refused. Behind a TLS proxy, list it in Tokenry:TrustedProxies."
    )]
    private partial void LogRefused(string? ip);
}
