using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Tokenry.Server.Tests.Platform.Telemetry;

/// <summary>A collector that takes what it is sent (OTLP over HTTP, protobuf) and keeps the bytes.</summary>
internal sealed class OtlpSink : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<(string Path, string? Key, byte[] Body)> _received = new();

    public OtlpSink()
    {
        Address = $"http://127.0.0.1:{FreePort.Next()}";
        _listener.Prefixes.Add(Address + "/");
        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public string Address { get; }

    public IReadOnlyList<string> Paths => [.. _received.Select(request => request.Path).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>What came in the header <c>api-key</c>.</summary>
    public IReadOnlyList<string?> Keys => [.. _received.Select(request => request.Key).Distinct()];

    /// <summary>Protobuf writes text as it is.</summary>
    public string Text => string.Concat(_received.Select(request => Encoding.Latin1.GetString(request.Body)));

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                _received.Enqueue((context.Request.Url!.AbsolutePath, context.Request.Headers["api-key"], body.ToArray()));
                context.Response.ContentType = "application/x-protobuf";
                context.Response.Close();
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }
}
