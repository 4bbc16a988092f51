using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Tokenry.Testing;

/// <summary>
/// Asks a running server over its control socket, as the commands <c>admin …</c> do, without a process for the command: that costs as much as a second
/// server. The commands themselves have tests of their own.
/// </summary>
internal static class ControlSocketClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The server listens here a moment after it listens at its address.</summary>
    private static readonly TimeSpan Listening = TimeSpan.FromSeconds(10);

    /// <returns>What the command would write to stdout; null if this server has no control socket.</returns>
    public static async Task<string?> AskAsync(int processId, string verb, IReadOnlyDictionary<string, string> options)
    {
        for (var waited = TimeSpan.Zero; waited < Listening; waited += TimeSpan.FromMilliseconds(10))
        {
            if (SocketOf(processId) is { } path && await AskAsync(path, new { verb, options }) is { } answer)
                return answer;
            await Task.Delay(10);
        }

        return null;
    }

    private static async Task<string?> AskAsync(string path, object request)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), deadline.Token);
        }
        catch (SocketException)
        {
            return null; // left by another server, which had this process id before
        }

        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(request, request.GetType()), deadline.Token);
        await stream.WriteAsync("\n"u8.ToArray(), deadline.Token);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var line = await reader.ReadLineAsync(deadline.Token) ?? throw new IOException($"{path}: no answer");
        using var answer = JsonDocument.Parse(line);
        if (answer.RootElement.GetProperty("failed").GetBoolean())
            throw new InvalidOperationException($"{path}: {answer.RootElement.GetProperty("message").GetString()}");
        return answer.RootElement.GetProperty("output").GetString();
    }

    /// <summary>Each server leaves a note where its user's commands look for it.</summary>
    private static string? SocketOf(int processId)
    {
        string[] places = Posix.IsRoot
            ? ["/run/tokenry"]
            : [$"/run/user/{Posix.EffectiveUser()}/tokenry", $"/tmp/tokenry-{Posix.EffectiveUser()}"];
        try
        {
            foreach (var note in places.Select(place => Path.Combine(place, $"{processId}.json")).Where(File.Exists))
            {
                using var state = JsonDocument.Parse(File.ReadAllBytes(note));
                return state.RootElement.GetProperty("control_socket").GetString();
            }
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            // Being written.
        }

        return null;
    }
}
