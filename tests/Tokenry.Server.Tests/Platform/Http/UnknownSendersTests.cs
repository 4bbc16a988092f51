using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Tests.Platform.Http;

/// <summary>A.9 (c): what the server holds of senders it does not know is bounded for all of them together.</summary>
public sealed class UnknownSendersTests
{
    [Theory]
    [InlineData(
        "POST /v1/users",
        "application/json",
        250_000,
        "Signature-Input: a=();created=1;keyid=\"key_0000000000000000000000\"\r\nSignature: a=:AA==:\r\n"
    )]
    [InlineData("POST /oauth/token", "application/x-www-form-urlencoded", 60_000, "")]
    [InlineData("POST /v1/credentials/revoke", "application/json", 250_000, "")]
    public async Task Silent_connections_hold_sixteen_mebibytes_and_whole_requests_are_served(
        string line,
        string type,
        int length,
        string headers
    )
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"{line} HTTP/1.1\r\nHost: x\r\nContent-Type: {type}\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        var request = Encoding.ASCII.GetBytes(head + new string(' ', length - 1));
        var connections = new List<TcpClient>();
        try
        {
            // A quarter more than fits.
            while (connections.Count * (long)length < UnknownSenders.MostBytes * 5 / 4)
            {
                var connection = new TcpClient();
                await connection.ConnectAsync("127.0.0.1", new Uri(server.Address).Port);
                connections.Add(connection);
            }

            await Task.WhenAll(connections.Select(connection => connection.GetStream().WriteAsync(request).AsTask()));
            var refused = await Task.WhenAny(connections.Select(StatusAsync)).Unwrap();
            Assert.StartsWith("HTTP/1.1 503", refused, StringComparison.Ordinal);
            Assert.Contains("Retry-After: 1", refused, StringComparison.Ordinal);
            // What comes whole is not in the way of anything.
            var anonymous = server.Client();
            await anonymous
                .FormAsync("/oauth/token", [("grant_type", "client_credentials")], ("app_0000000000000000000000", "tkr_sec_x"))
                .Expect(401);
            await anonymous.PostAsync("/v1/credentials/revoke", new { token = "tkr_key_x" }).Expect(202);
        }
        finally
        {
            connections.ForEach(connection => connection.Dispose());
        }
    }

    [Fact]
    public void What_was_held_is_given_back()
    {
        var before = UnknownSenders.HeldBytes;
        using (UnknownSenders.Hold(1000))
            Assert.Equal(before + 1000, UnknownSenders.HeldBytes);
        Assert.Throws<OverloadedException>(() => UnknownSenders.Hold(UnknownSenders.MostBytes + 1));
        Assert.Equal(before, UnknownSenders.HeldBytes);
    }

    private static async Task<string> StatusAsync(TcpClient connection)
    {
        var buffer = new byte[2000];
        var read = await connection.GetStream().ReadAsync(buffer);
        return Encoding.ASCII.GetString(buffer, 0, read);
    }
}
