using System.Runtime.Versioning;
using System.Security.Cryptography;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Tests.Features.OAuth;
using static Tokenry.Server.Tests.Features.SigningKeys.SigningKeyLife;

namespace Tokenry.Server.Tests.Features.SigningKeys;

/// <summary>The real server with its signing keys on a PKCS#11 token.</summary>
[SupportedOSPlatform("linux")]
public sealed class KeysOnTokenTests
{
    private static readonly byte[] P256 = Convert.FromHexString("06082a8648ce3d030107");
    private static readonly byte[] RsaEncryption = Convert.FromHexString("06092a864886f70d010101");

    [Theory, BothEngines]
    public async Task Keys_are_made_on_the_token_and_found_there_again(Engine engine)
    {
        using var hsm = await SoftHsm.CreateAsync();
        await using var server = await ServerProcess.StartAsync(engine, On(hsm));
        var admin = await server.AdminAsync();
        var es256 = await Scenario.On(admin).ClientSecret().CreateAsync();
        var rs256 = await Scenario.On(admin).Api(_ => new { access_token_signing_alg = "RS256" }, "a").ClientSecret().CreateAsync();
        Assert.Equal(4, hsm.Objects);
        var listed = (await admin.GetAsync("/v1/signing-keys").Expect(200)).Json.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["ES256", "RS256"], listed.Select(key => key.GetProperty("algorithm").GetString()!));
        Assert.All(listed, key => Assert.True(key.GetProperty("on_token").GetBoolean()));
        var before = await server.Client().PublishedAsync();
        await ExpectGoodAsync(server, es256, rs256);

        Assert.Equal(0, await server.StopAsync());
        await server.LaunchAsync();
        Assert.Equal(before, await server.Client().PublishedAsync());
        await ExpectGoodAsync(server, es256, rs256);
        Assert.Equal(4, hsm.Objects);

        Assert.Equal(0, await server.StopAsync());
        using (var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256))
            Assert.True(HoldsPrivateKey(ecdsa.ExportPkcs8PrivateKey()) && !HoldsPrivateKey(ecdsa.ExportSubjectPublicKeyInfo()));
        foreach (var file in Directory.EnumerateFiles(server.DataDirectory, "*", SearchOption.AllDirectories))
            Assert.False(HoldsPrivateKey(await File.ReadAllBytesAsync(file)), file);
        var words = string.Join('\n', server.StandardOutput.Concat(server.StandardError));
        Assert.DoesNotContain(SoftHsm.Pin, words, StringComparison.Ordinal);
    }

    /// <summary>What has ended is destroyed, what was made for nothing too, and nothing else.</summary>
    [Theory, BothEngines]
    public async Task Ended_keys_are_destroyed_on_the_token(Engine engine)
    {
        using var hsm = await SoftHsm.CreateAsync();
        await using var server = await ServerProcess.StartAsync(engine, On(hsm));
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        var first = await admin.ActiveAsync();
        var second = (await admin.RotateAsync(immediately: true).Expect(200)).Text("id");
        Assert.Equal(4, hsm.Objects);
        await UntilAsync(async () => await admin.StateAsync(first) == "removed", TimeSpan.FromSeconds(20));
        await UntilAsync(async () => !await admin.OnTokenAsync(first), TimeSpan.FromSeconds(20));
        Assert.Equal(2, hsm.Objects);

        await admin.TaintAsync(second).Expect(200);
        await UntilAsync(async () => !await admin.OnTokenAsync(second), TimeSpan.FromSeconds(20));
        Assert.Equal(2, hsm.Objects);
        var third = await admin.ActiveAsync();
        Assert.True(await admin.OnTokenAsync(third));
        Assert.Equal(third, KeyId(await server.Client().AccessTokenAsync(made.Client())));

        // A key is made in case it is needed; this time the next one is there.
        var next = (await admin.RotateAsync().Expect(200)).Text("id");
        await admin.TaintAsync(third).Expect(200);
        Assert.Equal(next, await admin.ActiveAsync());
        await UntilAsync(async () => !await admin.OnTokenAsync(third), TimeSpan.FromSeconds(20));
        Assert.Equal(0, await server.StopAsync());
        Assert.Equal(2, hsm.Objects);
    }

    /// <summary>Keys stay where they are; and when the token is lost for good, verification goes on and one rotation helps.</summary>
    [Fact]
    public async Task From_the_database_to_the_token_and_back_without_it()
    {
        using var hsm = await SoftHsm.CreateAsync();
        var data = Directory.CreateTempSubdirectory("tokenry-moved-");
        try
        {
            var inDatabase = Short() with { DataDirectory = data.FullName };
            Created made;
            string old;
            await using (var server = await ServerProcess.StartAsync(Engine.Sqlite, inDatabase))
            {
                made = await Scenario.On(await server.AdminAsync()).ClientSecret().CreateAsync();
                old = await server.Client().AccessTokenAsync(made.Client());
                await server.StopAsync();
            }

            string young;
            await using (var server = await ServerProcess.StartAsync(Engine.Sqlite, On(hsm) with { DataDirectory = data.FullName }))
            {
                var admin = await server.AdminAsync();
                Assert.False(await admin.OnTokenAsync(KeyId(old)));
                Assert.Equal(KeyId(old), KeyId(await server.Client().AccessTokenAsync(made.Client())));
                Assert.Equal(0, hsm.Objects);
                var rotated = await admin.RotateAsync(immediately: true).Expect(200);
                Assert.True(rotated.Json.GetProperty("on_token").GetBoolean());
                young = await server.Client().AccessTokenAsync(made.Client());
                Assert.Equal(rotated.Text("id"), KeyId(young));
                Assert.Equal("valid", await admin.VerifyAsync(old, made.Api.Identifier));
                await server.StopAsync();
            }

            await using (var server = await ServerProcess.StartAsync(Engine.Sqlite, inDatabase))
            {
                var admin = await server.AdminAsync();
                Assert.Equal("valid", await admin.VerifyAsync(young, made.Api.Identifier));
                await server.Client().TokenAsync(made.Client()).Expect(503);
                var rotated = await admin.RotateAsync(immediately: true).Expect(200);
                Assert.False(rotated.Json.GetProperty("on_token").GetBoolean());
                Assert.Equal(rotated.Text("id"), KeyId(await server.Client().AccessTokenAsync(made.Client())));
                Assert.Equal("valid", await admin.VerifyAsync(young, made.Api.Identifier));
            }
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Replicas_share_the_token()
    {
        using var hsm = await SoftHsm.CreateAsync();
        await using var one = await ServerProcess.StartAsync(Engine.Postgres, On(hsm));
        await using var two = await one.StartReplicaAsync();
        var admin = await one.AdminAsync();
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        for (var round = 0; round < 3; round++)
        {
            var active = await admin.ActiveAsync();
            foreach (var server in new[] { one, two })
            {
                await UntilAsync(
                    async () => KeyId(await server.Client().AccessTokenAsync(made.Client())) == active,
                    TimeSpan.FromSeconds(10)
                );
                var token = await server.Client().AccessTokenAsync(made.Client());
                foreach (var door in new[] { one, two })
                    Assert.Equal("valid", await admin.At(door.Address).VerifyAsync(token, made.Api.Identifier));
            }

            await admin.At((round % 2 == 0 ? two : one).Address).RotateAsync(immediately: true).Expect(200);
        }
    }

    [Fact]
    public async Task What_is_wrong_with_the_token_is_said_at_start()
    {
        using var hsm = await SoftHsm.CreateAsync();
        var wrongPin = Path.Combine(Path.GetDirectoryName(hsm.PinFile)!, "wrong-pin");
        await File.WriteAllTextAsync(wrongPin, "not-the-pin-777");
        File.SetUnixFileMode(wrongPin, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await ExpectRefusedAsync(hsm, "Tokenry:Pkcs11:PinFile", wrongPin, "CKR_PIN_INCORRECT", "Correct the file before you start again");
        await ExpectRefusedAsync(hsm, "Tokenry:Pkcs11:PinFile", wrongPin + "-none", "cannot be used", "wrong-pin-none");
        await ExpectRefusedAsync(hsm, "Tokenry:Pkcs11:Token", "another", "There is no PKCS#11 token with the label 'another'");
        await ExpectRefusedAsync(hsm, "Tokenry:Pkcs11:Module", "/usr/lib/no-such-module.so", "no PKCS#11 library that can be loaded");
        await ExpectRefusedAsync(hsm, "Tokenry:Pkcs11:Module", "/usr/bin/env", "no PKCS#11 library that can be loaded");
        await ExpectRefusedAsync(hsm, "Tokenry:Pkcs11:Module", null, "Tokenry:Pkcs11:Module is not set");
        await ExpectRefusedAsync(hsm, "Tokenry:SigningKeys:Store", "hsm", "is neither database nor pkcs11");
        File.SetUnixFileMode(hsm.PinFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        await ExpectRefusedAsync(hsm, "Tokenry:Pkcs11:Token", SoftHsm.Label, "chmod 600");
    }

    private static async Task ExpectRefusedAsync(SoftHsm hsm, string key, string? value, params string[] words)
    {
        var options = On(hsm);
        var settings = new Dictionary<string, string?>(options.Settings, StringComparer.Ordinal) { [key] = value };
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite, options with { Settings = settings });
        var result = (await server.RunAsync("--urls", server.Address)).Expect(1);
        Assert.All(words, word => Assert.Contains(word, result.Error, StringComparison.Ordinal));
        Assert.DoesNotContain(SoftHsm.Pin, result.Error + result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-pin-777", result.Error + result.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(server.DataDirectory, "tokenry.db")));
    }

    /// <summary>By the key set alone, as an API does.</summary>
    private static async Task ExpectGoodAsync(ServerProcess server, params Created[] clients)
    {
        var set = await server.Client().GetAsync("/.well-known/jwks.json").Expect(200);
        var keys = new Dictionary<string, VerificationKey>(StringComparer.Ordinal);
        foreach (var jwk in set.Json.GetProperty("keys").EnumerateArray())
        {
            Assert.True(VerificationKey.TryImport(jwk, out var key));
            keys.Add(key.KeyId, key);
        }

        var validator = new AccessTokenValidator("https://tokens.example.com", TimeProvider.System);
        foreach (var made in clients)
        {
            var token = await server.Client().AccessTokenAsync(made.Client());
            Assert.True(validator.Validate(token, keys.GetValueOrDefault).IsValid);
            var forged = token[..^8] + (token[^8] == 'A' ? 'B' : 'A') + token[^7..];
            Assert.False(validator.Validate(forged, keys.GetValueOrDefault).IsValid);
        }
    }

    /// <summary>A PKCS#8 in DER: a version, an algorithm of ours, and an OCTET STRING; a public key has a BIT STRING there.</summary>
    private static bool HoldsPrivateKey(ReadOnlySpan<byte> content)
    {
        foreach (var algorithm in new[] { P256, RsaEncryption })
        {
            for (var rest = content; rest.IndexOf(algorithm) is >= 0 and var at; rest = rest[(at + algorithm.Length)..])
            {
                var behind = rest[(at + algorithm.Length)..];
                if (behind is [0x05, 0x00, ..]) // RSA has NULL as its parameters
                    behind = behind[2..];
                if (behind is [0x04, ..])
                    return true;
            }
        }

        return content.IndexOf("PRIVATE KEY"u8) >= 0;
    }

    private static ServerOptions On(SoftHsm hsm)
    {
        var options = Short();
        return options with
        {
            Settings = options.Settings.Concat(hsm.Settings).ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal),
        };
    }
}
