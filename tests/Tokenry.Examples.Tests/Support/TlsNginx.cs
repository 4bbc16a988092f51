using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;

namespace Tokenry.Examples.Tests.Support;

/// <summary>An nginx that ends TLS, with the door as the examples ship it and the lines of docs/guides/gateways.md for certificates.</summary>
internal sealed class TlsNginx : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tokenry-nginx-");
    private readonly OutputLines words = new();
    private readonly int port = FreePort.Next();
    private readonly int plainPort = FreePort.Next();
    private readonly ServerProcess server;
    private readonly string api;
    private ChildProcess? process;

    private TlsNginx(ServerProcess server, string api) => (this.server, this.api) = (server, api);

    public string Address => $"https://127.0.0.1:{port}";

    /// <summary>Its own certificate, which clients have to trust.</summary>
    public string CertificateFile => Path.Combine(folder.FullName, "tls.pem");

    public string PlainAddress => $"http://127.0.0.1:{plainPort}";

    /// <param name="server">Tokenry.</param>
    /// <param name="api">What the one place behind the door belongs to.</param>
    public static async Task<TlsNginx> BeforeAsync(ServerProcess server, string api)
    {
        var nginx = new TlsNginx(server, api);
        await nginx.StartAsync();
        return nginx;
    }

    public void Dispose()
    {
        process?.Signal(Signal.Terminate); // the master takes its workers with it
        process?.WaitForExitAsync(TimeSpan.FromSeconds(5)).GetAwaiter().GetResult();
        process?.Dispose();
        folder.Delete(recursive: true);
    }

    private async Task StartAsync()
    {
        var path = folder.FullName;
        File.WriteAllText(Path.Combine(path, "nginx.conf"), Configuration());
        File.WriteAllText(Path.Combine(path, "invoices"), "paid");
        var own = TestAuthority.SelfSigned(
            new LeafOptions
            {
                Subject = "CN=localhost",
                Ip = "127.0.0.1",
                Usages = null,
            }
        );
        File.WriteAllText(CertificateFile, own.ExportCertificatePem());
        File.WriteAllText(Path.Combine(path, "tls.key"), own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());

        process = ChildProcess.Start(
            new ProcessStartInfo("nginx", ["-c", Path.Combine(path, "nginx.conf"), "-p", path, "-e", "stderr"]),
            words,
            words
        );
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(20))
        {
            try
            {
                await CertificateClient.To(Address, null).GetAsync("/health/ready").Expect(200);
                return;
            }
            catch (HttpRequestException) when (!process.HasExited && waited.Elapsed < TimeSpan.FromSeconds(10))
            {
                // It is starting.
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"nginx does not serve: {words}", exception);
            }
        }
    }

    private string Configuration() =>
        $$"""
            daemon off;
            {{(Posix.IsRoot ? "user root;" : "")}}
            worker_processes 1;
            pid nginx.pid;
            error_log stderr alert;
            events {}
            http {
              access_log off;
              client_body_temp_path body;
              proxy_temp_path proxy;
              fastcgi_temp_path fastcgi;
              uwsgi_temp_path uwsgi;
              scgi_temp_path scgi;
              upstream tokenry { server {{new Uri(server.Address).Authority}}; keepalive 8; }
              {{Server($"listen 127.0.0.1:{plainPort};")}}
              {{Server(
                $"listen 127.0.0.1:{port} ssl; ssl_certificate tls.pem; ssl_certificate_key tls.key; ssl_verify_client optional_no_ca;"
            )}}
            }
            """;

    private string Server(string listen) =>
        $$"""
            server {
                {{listen}}
                include {{Path.Combine(Repository.Root, "examples", "nginx", "tokenry-door.conf")}};
                location = /invoices {
                  set $requires api={{api}}&scope=invoices:read&origin={{Address}};
                  root .;
                  try_files /invoices =404;
                }
                location ~ ^/(oauth|health)/ {
                  auth_request off;
                  proxy_pass http://tokenry;
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_set_header X-Forwarded-For $remote_addr;
                  proxy_set_header X-Forwarded-Proto $scheme;
                  proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
                }
              }
            """;
}
