using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;

namespace Tokenry.Server.Tests.Composition;

[SupportedOSPlatform("linux")]
public sealed class ControlSocketTests
{
    [Fact]
    public async Task Whatever_is_said_on_it_the_server_goes_on()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        var path = Path.Combine(server.DataDirectory, "control.sock");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        string[] lines =
        [
            "",
            "\n",
            "null\n",
            "{}\n",
            "[]\n",
            "not json\n",
            "{\"verb\":null}\n",
            "{\"verb\":\"admin token\"}\n",
            "{\"verb\":\"admin token\",\"options\":null}\n",
            "{\"verb\":\"admin token\",\"options\":{\"scopes\":null,\"expires-in\":\"1000000d\"}}\n",
            "{\"verb\":\"admin token\",\"options\":{\"expires-in\":\"999999d\"}}\n",
            "{\"verb\":\"no such verb\",\"options\":{}}\n",
            "{\"verb\":\"half a",
            "\xff\xfe\n",
            new string('x', 9000) + "\n",
        ];
        foreach (var line in lines)
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
            try
            {
                await socket.SendAsync(Encoding.Latin1.GetBytes(line));
                socket.Shutdown(SocketShutdown.Send);
                await socket.ReceiveAsync(new byte[4096]);
            }
            catch (SocketException)
            {
                // It may hang up on such things.
            }
            await Task.Delay(20);
            Assert.True(server.IsRunning, $"ended by {line}");
        }
        await (await server.AdminAsync()).GetAsync("/v1/me").Expect(200);
    }
}
