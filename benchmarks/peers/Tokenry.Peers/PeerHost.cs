namespace Tokenry.Peers;

/// <summary>What every peer here shares: the web server as its template makes it, without logs.</summary>
internal static class PeerHost
{
    /// <summary>No logs: in the peers' favour, since each request would be a line or two on the console.</summary>
    public static WebApplicationBuilder Create(string address)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        // Connections of the load stay open; they must not delay the end.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        return builder;
    }
}
