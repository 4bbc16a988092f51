using System.Diagnostics;

namespace Tokenry.Chaos.Tests.Support;

/// <summary>A real nginx in front of several servers: one address that takes turns, and one address for each.</summary>
internal sealed class Nginx : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tokenry-nginx-");
    private readonly OutputLines _words = new();
    private readonly int _port = FreePort.Next();
    private readonly int[] _ports;
    private readonly ChildProcess _process;

    private Nginx(IReadOnlyList<string> servers)
    {
        _ports = [.. servers.Select(_ => FreePort.Next())];
        var file = Path.Combine(_directory.FullName, "nginx.conf");
        File.WriteAllText(file, Configuration(servers));
        _process = ChildProcess.Start(
            new ProcessStartInfo("nginx", ["-c", file, "-p", _directory.FullName, "-e", "stderr"]),
            _words,
            _words
        );
    }

    /// <summary>Round robin.</summary>
    public string Address => $"http://127.0.0.1:{_port}";

    public static async Task<Nginx> BeforeAsync(params ServerProcess[] servers)
    {
        var nginx = new Nginx([.. servers.Select(server => new Uri(server.Address).Authority)]);
        var client = new ApiClient(nginx.Address);
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await client.GetAsync("/health/ready").Expect(200);
                return nginx;
            }
            catch (HttpRequestException) when (!nginx._process.HasExited && waited.Elapsed < TimeSpan.FromSeconds(10))
            {
                await Task.Delay(20);
            }
            catch (Exception exception)
            {
                nginx.Dispose();
                throw new InvalidOperationException($"nginx does not serve: {nginx._words}", exception);
            }
        }
    }

    /// <summary>Through nginx, to this one of the servers.</summary>
    public string AddressOf(int server) => $"http://127.0.0.1:{_ports[server]}";

    public void Dispose()
    {
        _process.Signal(Signal.Terminate); // the master takes its workers with it
        _process.WaitForExitAsync(TimeSpan.FromSeconds(5)).GetAwaiter().GetResult();
        _process.Dispose();
        _directory.Delete(recursive: true);
    }

    private string Configuration(IReadOnlyList<string> servers)
    {
        var each = servers.Select((server, n) => Front(_ports[n], $"server_{n}", [server]));
        return $$"""
            daemon off;
            {{(Posix.IsRoot ? "user root;" : "")}}
            worker_processes 1;
            pid nginx.pid;
            error_log stderr warn;
            events { worker_connections 4096; }
            http {
              access_log off;
              client_body_temp_path body;
              proxy_temp_path proxy;
              fastcgi_temp_path fastcgi;
              uwsgi_temp_path uwsgi;
              scgi_temp_path scgi;
              proxy_http_version 1.1;
              proxy_set_header Connection "";
              proxy_set_header Host $http_host;
            {{Front(_port, "all", servers)}}
            {{string.Join('\n', each)}}
            }
            """;
    }

    private static string Front(int port, string name, IReadOnlyList<string> servers) =>
        $$"""
              upstream {{name}} { {{string.Concat(servers.Select(server => $"server {server} max_fails=0; "))}} keepalive 64; }
              server { listen 127.0.0.1:{{port}} backlog=1024; location / { proxy_pass http://{{name}}; } }
            """;
}
