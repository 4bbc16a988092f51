using System.Net;
using System.Net.Sockets;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// The one way in which this server asks another on a caller's word, and only where configuration allows it at all: a name is resolved once and every
/// address of it must be a public one, that address is what is connected to, nothing is followed, and the answer is small and soon or none.
/// </summary>
public sealed partial class Egress : IDisposable
{
    public const int LongestAnswer = 256 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly HttpClient client;
    private readonly TokenryOptions options;
    private readonly ILogger<Egress> logger;

    public Egress(TokenryOptions options, ILogger<Egress> logger)
    {
        (this.options, this.logger) = (options, logger);
        client = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
                AutomaticDecompression = DecompressionMethods.None,
                MaxResponseHeadersLength = 16,
                // So that no connection outlives the look at its address.
                PooledConnectionLifetime = TimeSpan.Zero,
                ConnectCallback = ConnectAsync,
            }
        )
        {
            Timeout = Patience,
            MaxResponseContentBufferSize = LongestAnswer,
        };
    }

    /// <summary>Asked once for a connection.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>
    /// Whether it may be asked by its form: https without user and fragment. Plain http is for a loopback address that configuration names, since nobody listens
    /// between a machine and itself.
    /// </summary>
    public static bool IsAddress(Uri address, TokenryOptions options) =>
        address is { IsAbsoluteUri: true, UserInfo.Length: 0, Fragment.Length: 0 }
        && (
            address.Scheme == Uri.UriSchemeHttps
            || (
                address.Scheme == Uri.UriSchemeHttp
                && IPAddress.TryParse(address.DnsSafeHost, out var host)
                && IPAddress.IsLoopback(host)
                && options.Egress.AllowedNetworks.Any(network => network.Contains(host))
            )
        );

    /// <summary>The body of a 200; <c>null</c> whatever else happened, which the log knows and no caller.</summary>
    public async Task<byte[]?> GetAsync(Uri address)
    {
        if (!options.Egress.Enabled || !IsAddress(address, options))
        {
            return null;
        }

        try
        {
            using var response = await client.GetAsync(address);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return await response.Content.ReadAsByteArrayAsync();
            }

            LogFailed(address.Authority, $"answered {(int)response.StatusCode}");
        }
        catch (Exception exception)
            when (exception
                    is HttpRequestException
                        or OperationCanceledException
                        or IOException
                        or SocketException
                        or InvalidOperationException
            )
        {
            LogFailed(address.Authority, exception.InnerException?.Message ?? exception.Message);
        }

        return null;
    }

    public void Dispose() => client.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Resolve(host, cancellation);
        // A name that is also somebody's inside is refused whole: which of them answers would be chance.
        if (addresses.Length == 0 || !Array.TrueForAll(addresses, IsAllowed))
        {
            throw new HttpRequestException("egress.denied: the name has an address that is not of the public internet");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsAllowed(IPAddress address) =>
        GlobalAddresses.Contains(address) || options.Egress.AllowedNetworks.Any(network => network.Contains(address));

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Keys could not be fetched from {Host}: {Reason}")]
    private partial void LogFailed(string host, string reason);
}
