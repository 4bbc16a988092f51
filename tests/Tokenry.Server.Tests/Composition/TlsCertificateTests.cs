using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tokenry.Server.Tests.Composition;

/// <summary>The server's own certificate, as files of it come: PEM with its key and chain, with or without a password, PKCS #12.</summary>
public sealed class TlsCertificateTests : IDisposable
{
    private const string Password = "correct horse";
    private static readonly PbeParameters Encryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 2048);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tokenry-tls-");
    private readonly TestAuthority root = new();
    private readonly TestAuthority between;
    private readonly X509Certificate2 own;

    public TlsCertificateTests()
    {
        between = new TestAuthority("CN=Example Issuing", root);
        own = between.Issue(
            new LeafOptions
            {
                Subject = "CN=localhost",
                Ip = "127.0.0.1",
                Usages = ["1.3.6.1.5.5.7.3.1"],
            }
        );
    }

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData("pem")]
    [InlineData("pem with a password")]
    [InlineData("pkcs12 with a password")]
    public async Task It_is_shown_with_its_chain(string form)
    {
        var tls = $"https://127.0.0.1:{FreePort.Next()}";
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Tokenry:TlsUrl"] = tls,
            ["Tokenry:TlsCertificate"] = File(form, Content(form)),
            ["Tokenry:TlsCertificatePasswordFile"] = form.EndsWith("password", StringComparison.Ordinal)
                ? File("password", System.Text.Encoding.UTF8.GetBytes(Password + "\n"))
                : null,
        };
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite, new ServerOptions { Settings = settings });
        // A client that knows the root alone: what lies between must come with the handshake.
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { root.Certificate },
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        await new ApiClient(tls, handler: handler).GetAsync("/health/ready").Expect(200);
    }

    [Theory]
    [InlineData("pem with a password", false)]
    [InlineData("pkcs12 with a password", true)]
    [InlineData("no key", false)]
    [InlineData("junk", false)]
    public async Task What_cannot_be_used_is_said_at_the_start(string form, bool wrongPassword)
    {
        var path = File(
            form,
            form switch
            {
                "no key" => System.Text.Encoding.ASCII.GetBytes(own.ExportCertificatePem()),
                "junk" => RandomNumberGenerator.GetBytes(500),
                _ => Content(form),
            }
        );
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Tokenry:TlsUrl"] = $"https://127.0.0.1:{FreePort.Next()}",
            ["Tokenry:TlsCertificate"] = path,
            ["Tokenry:TlsCertificatePasswordFile"] = wrongPassword ? File("password", "wrong"u8.ToArray()) : null,
        };
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite, new ServerOptions { Settings = settings });
        await Assert.ThrowsAnyAsync<Exception>(server.LaunchAsync);
        var words = string.Join('\n', server.StandardError);
        Assert.Contains($"Tokenry:TlsCertificate {path} cannot be used", words, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", words, StringComparison.Ordinal);
    }

    private byte[] Content(string form)
    {
        using var key = own.GetECDsaPrivateKey()!;
        var chain = own.ExportCertificatePem() + "\n" + between.Pem;
        return form switch
        {
            "pem" => System.Text.Encoding.ASCII.GetBytes($"{chain}\n{key.ExportPkcs8PrivateKeyPem()}\n"),
            "pem with a password" => System.Text.Encoding.ASCII.GetBytes(
                $"{chain}\n{key.ExportEncryptedPkcs8PrivateKeyPem(Password, Encryption)}\n"
            ),
            "pkcs12 with a password" => Pkcs12(),
            _ => throw new ArgumentOutOfRangeException(nameof(form), form, null),
        };
    }

    private byte[] Pkcs12()
    {
        // The authority first: which of them has the key is not a matter of order.
        var authority = X509CertificateLoader.LoadCertificate(between.Certificate.RawData);
        return new X509Certificate2Collection { authority, own }.Export(X509ContentType.Pkcs12, Password)!;
    }

    private string File(string name, byte[] content)
    {
        var path = Path.Combine(folder.FullName, name.Replace(' ', '-'));
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }
}
