using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// The only way in which this server sends requests to URLs that a caller supplied or that a provider names, and only if configuration allows it. It resolves a name once, requires that
/// every address is public, and connects to the checked address. It follows no redirects and limits the size and the time of the answer.
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
                // Connections are not reused, because the address check applies to one connection only.
                PooledConnectionLifetime = TimeSpan.Zero,
                ConnectCallback = ConnectAsync,
            }
        )
        {
            Timeout = Patience,
            MaxResponseContentBufferSize = LongestAnswer,
        };
    }

    /// <summary>Called once for each connection.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>
    /// Whether a URL has an allowed form: https without user information and fragment. Plain http is allowed only for a loopback address in configuration,
    /// because traffic within a machine cannot be intercepted on a network.
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

    /// <summary>The body of a 200 answer; <c>null</c> for every other result. The log has the reason; no caller learns it.</summary>
    public Task<byte[]?> GetAsync(Uri address) => SendAsync(address, () => new HttpRequestMessage(HttpMethod.Get, address));

    /// <summary>The same of the answer to a form.</summary>
    /// <param name="address">The address.</param>
    /// <param name="form">The parameters.</param>
    /// <param name="authorization">The credential of this server there; <c>null</c> = none.</param>
    public Task<byte[]?> PostAsync(Uri address, IEnumerable<KeyValuePair<string, string>> form, AuthenticationHeaderValue? authorization) =>
        SendAsync(
            address,
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new FormUrlEncodedContent(form) };
                request.Headers.Authorization = authorization;
                return request;
            }
        );

    private async Task<byte[]?> SendAsync(Uri address, Func<HttpRequestMessage> make)
    {
        if (!options.Egress.Enabled || !IsAddress(address, options))
        {
            return null;
        }

        try
        {
            using var request = make();
            using var response = await client.SendAsync(request);
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
        // A name with any internal address is refused completely, because it would be chance which address is used.
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

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Nothing could be fetched from {Host}: {Reason}")]
    private partial void LogFailed(string host, string reason);
}
