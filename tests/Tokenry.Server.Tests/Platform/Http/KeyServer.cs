using System.Net;
using System.Text;

namespace Tokenry.Server.Tests.Platform.Http;

/// <summary>Somebody's JWK Set on loopback, or whatever else it is told to answer.</summary>
internal sealed class KeyServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private int _requests;

    public KeyServer()
    {
        var address = $"http://127.0.0.1:{FreePort.Next()}/";
        _listener.Prefixes.Add(address);
        _listener.Start();
        Address = new Uri(address + "jwks.json");
        _ = ServeAsync();
    }

    public Uri Address { get; }

    public string Body { get; set; } = "{}";

    public int Status { get; set; } = 200;

    public string? Location { get; set; }

    public TimeSpan Delay { get; set; }

    public int Requests => Volatile.Read(ref _requests);

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            Interlocked.Increment(ref _requests);
            _ = AnswerAsync(context.Response);
        }
    }

    private async Task AnswerAsync(HttpListenerResponse response)
    {
        try
        {
            await Task.Delay(Delay);
            response.StatusCode = Status;
            if (Location is { } location)
                response.RedirectLocation = location;
            await response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(Body));
            response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // Whoever asked has gone.
        }
    }
}
