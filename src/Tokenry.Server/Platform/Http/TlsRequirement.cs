using System.Net;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// Refuses plain http between machines on every route except public documents, because a request could carry a secret. It runs before the server checks any
/// credential. A secret in such a request was readable on the network, and its sender must learn that.
/// </summary>
internal sealed partial class TlsRequirement(RequestDelegate next, TimeProvider time, ILogger<TlsRequirement> logger)
{
    private const int MostPeers = 1000;

    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private readonly Dictionary<IPAddress, long> warned = [];

    public Task InvokeAsync(HttpContext context)
    {
        var facts = RequestFacts.Of(context);
        // A request to an unknown path or method may carry a secret too, because its sender meant another route.
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
                "use https: the server accepts plain http only on loopback and from trusted proxies"
            )
            : throw new ProblemException(
                403,
                ProblemCode.TlsRequired,
                "Use https: the server accepts plain http only on loopback and from trusted proxies. Others could read a credential that you sent "
                    + "this way; rotate it."
            );
    }

    private static bool IsPublicDocument(RouteAccess? access, string method) =>
        access is { Kind: RouteAuthentication.Public } && (HttpMethods.IsGet(method) || HttpMethods.IsHead(method));

    /// <summary>Limits the warnings per address and in total, so that clients cannot fill the log.</summary>
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
        Message = "tls_required: the server refused requests from {Ip} over plain http. If a TLS proxy is in front, list it in Tokenry:TrustedProxies."
    )]
    private partial void LogRefused(string? ip);
}
