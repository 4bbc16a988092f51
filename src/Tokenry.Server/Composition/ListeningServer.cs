using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Composition;

/// <summary>
/// Wraps the web server and reports in one sentence why it cannot listen. The host would log the stack trace first; <see cref="HasFailed"/> prevents this.
/// </summary>
internal sealed class ListeningServer(IServer inner, TokenryOptions options) : IServer
{
    /// <summary>Whether listening failed. The sentence reports the fault, so the host must not log it too.</summary>
    public static bool HasFailed { get; private set; }

    public IFeatureCollection Features => inner.Features;

    /// <summary>Wraps the registered web server.</summary>
    public static void Wrap(IServiceCollection services, TokenryOptions options)
    {
        var registered = services.Last(service => service.ServiceType == typeof(IServer));
        services.Remove(registered);
        services.AddSingleton<IServer>(provider => new ListeningServer(
            (IServer)(
                registered.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, registered.ImplementationType!)
            ),
            options
        ));
    }

    public async Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        try
        {
            await inner.StartAsync(application, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            HasFailed = true;
            throw new StartupException(Describe(exception));
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => inner.StopAsync(cancellationToken);

    public void Dispose() => inner.Dispose();

    private string Describe(Exception exception)
    {
        IFeatureCollection known = Features;
        var bound = string.Join(", ", known.Get<IServerAddressesFeature>()?.Addresses ?? []);
        var addresses = bound.Length == 0 ? options.Urls : bound; // Kestrel removes them while it looks for a certificate
        return exception switch
        {
            IOException { InnerException: AddressInUseException } => DescribeTaken(exception.Message, addresses),
            SocketException { SocketErrorCode: SocketError.AccessDenied } =>
                $"The server may not listen at {addresses}: ports below 1024 need a privilege. Listen elsewhere: --urls {TokenryOptions.DefaultUrl}",
            SocketException { SocketErrorCode: SocketError.AddressNotAvailable } =>
                $"The server cannot listen at {addresses}: this machine has no such address. Name one that it has, or http://0.0.0.0:7600 for all.",
            InvalidOperationException when exception.Message.StartsWith("Unable to configure HTTPS", StringComparison.Ordinal) =>
                $"The server cannot listen at {addresses}: https needs a certificate. Set Kestrel:Certificates:Default:Path, or Tokenry:TlsCertificate with "
                    + "Tokenry:TlsUrl.",
            _ => $"The server cannot listen at {addresses}: {StartFault.FirstLine(exception)}",
        };
    }

    /// <param name="message">Kestrel's message, "Failed to bind to address …: address already in use."</param>
    /// <param name="addresses">All addresses, used if the message names none.</param>
    private string DescribeTaken(string message, string addresses)
    {
        const string before = "bind to address ";
        var from = message.IndexOf(before, StringComparison.Ordinal);
        var to = message.LastIndexOf(": address already", StringComparison.Ordinal);
        var address = from >= 0 && to > from ? message[(from + before.Length)..to] : addresses;
        var isTls = Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && options.Tls.IsAt(uri.Port);
        return isTls
            ? $"Another process listens at {address} (Tokenry:TlsUrl). Stop it, or name another port; an empty Tokenry:TlsUrl does without."
            : $"Another process listens at {address}. Stop it, or listen elsewhere: --urls http://127.0.0.1:8100";
    }
}
