using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Tokenry.Testing;

/// <summary>
/// A request whose body is held back: it asks for <c>100 Continue</c> (RFC 9110 §10.1.1), which the server sends when it begins to read the body, so that the
/// test knows that the caller was authenticated before.
/// </summary>
public sealed class HeldRequest : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TcpClient connection = new() { NoDelay = true };
    private readonly byte[] body;

    private HeldRequest(byte[] body) => this.body = body;

    /// <summary>Back when the server waits for the body, or has answered without it.</summary>
    /// <param name="client">Where, and with which credential.</param>
    /// <param name="method">The method.</param>
    /// <param name="path">From the slash on.</param>
    /// <param name="body">Serialised as JSON; a string is sent as it is.</param>
    /// <param name="headers">More headers.</param>
    public static async Task<HeldRequest> BeginAsync(
        ApiClient client,
        HttpMethod method,
        string path,
        object body,
        params (string Name, string Value)[] headers
    )
    {
        var bytes = body is string text ? Encoding.UTF8.GetBytes(text) : JsonSerializer.SerializeToUtf8Bytes(body, body.GetType());
        var held = new HeldRequest(bytes);
        try
        {
            var uri = new Uri(client.Address);
            await held.connection.ConnectAsync(uri.Host, uri.Port);
            var head = new StringBuilder(
                $"{method} {path} HTTP/1.1\r\nHost: {uri.Authority}\r\nExpect: 100-continue\r\nConnection: close\r\n"
            );
            head.Append(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {bytes.Length}\r\n");
            if (client.Bearer is { } bearer)
                head.Append(CultureInfo.InvariantCulture, $"Authorization: Bearer {bearer}\r\n");
            foreach (var (name, value) in headers)
                head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
            await held.connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()));
            held.First = await held.ReadHeadAsync();
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The first answer: 100 where the server waits for the body, else the final status.</summary>
    public int First { get; private set; }

    /// <summary>Sends some of the body.</summary>
    public Task SendAsync(int bytes) => connection.GetStream().WriteAsync(body.AsMemory(0, bytes)).AsTask();

    /// <summary>Sends the body and reads the status of the answer; 0 where the server closed the connection without one.</summary>
    public async Task<int> EndAsync()
    {
        await connection.GetStream().WriteAsync(body);
        return await AnswerAsync();
    }

    /// <summary>The status of the answer, without anything more sent.</summary>
    public Task<int> AnswerAsync() => ReadHeadAsync();

    public void Dispose() => connection.Dispose();

    private async Task<int> ReadHeadAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await connection.GetStream().ReadAsync(one, deadline.Token) == 0)
                return 0;
            head.Append((char)one[0]);
        }
        return int.Parse(head.ToString().Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
