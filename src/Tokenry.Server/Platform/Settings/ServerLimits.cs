using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Settings;

/// <summary>What one request may cost.</summary>
public static class ServerLimits
{
    public const int LongestBody = 256 * 1024;

    /// <summary>How long requests in flight may take once the server is told to stop.</summary>
    public static readonly TimeSpan LongestShutdown = TimeSpan.FromSeconds(10);

    public static void Apply(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        // A line that ends in LF alone is one line to some proxies and two to others (RFC 9112 §2.2 leaves it open).
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", isEnabled: true);
        kestrel.RequestHeaderEncodingSelector = LengthDigits.Select;
        kestrel.Limits.MaxRequestBodySize = LongestBody;
        // What a connection may have sent before anything reads it; a whole body is read piece by piece.
        kestrel.Limits.MaxRequestBufferSize = 64 * 1024;
        kestrel.Limits.Http2.InitialStreamWindowSize = 64 * 1024;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 128 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.MaxRequestLineSize = 4 * 1024;
        // Kestrel looks once a second and allows one more: a slow client is gone after five seconds, give or take half a one.
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(3.5);
        kestrel.Limits.MinRequestBodyDataRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        kestrel.Limits.MinResponseDataRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        kestrel.Limits.Http2.MaxStreamsPerConnection = 100;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
        kestrel.Limits.MaxConcurrentConnections = 12_000;
    }
}
