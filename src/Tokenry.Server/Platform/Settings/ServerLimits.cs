using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Settings;

/// <summary>The limits on the cost of one request.</summary>
public static class ServerLimits
{
    public const int LongestBody = 256 * 1024;

    /// <summary>How long running requests may take after the server begins to stop.</summary>
    public static readonly TimeSpan LongestShutdown = TimeSpan.FromSeconds(10);

    public static void Apply(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        // Some proxies treat a line that ends in LF alone as one line, others as two (RFC 9112 §2.2 leaves it open).
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", isEnabled: true);
        kestrel.RequestHeaderEncodingSelector = LengthDigits.Select;
        kestrel.Limits.MaxRequestBodySize = LongestBody;
        // Bytes that a connection may send before the server reads them; the server reads a body in parts.
        kestrel.Limits.MaxRequestBufferSize = 64 * 1024;
        kestrel.Limits.Http2.InitialStreamWindowSize = 64 * 1024;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 128 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.MaxRequestLineSize = 4 * 1024;
        // Kestrel checks once a second and allows one more second: it disconnects a slow client after about five seconds (± 0.5 s).
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(3.5);
        kestrel.Limits.MinRequestBodyDataRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        kestrel.Limits.MinResponseDataRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        kestrel.Limits.Http2.MaxStreamsPerConnection = 100;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
        kestrel.Limits.MaxConcurrentConnections = 12_000;
    }
}
