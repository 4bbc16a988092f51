using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Composition;

/// <summary>The key file sealed by a PKCS#11 token: pepper and key-encryption key open nothing without it.</summary>
[SupportedOSPlatform("linux")]
public sealed class SealedKeyFileTests : IDisposable
{
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("tokenry-sealed-");

    private string KeyFile => Path.Combine(data.FullName, "tokenry.keys");

    public void Dispose() => data.Delete(recursive: true);

    [Theory, BothEngines]
    public async Task A_new_store_has_it_sealed_and_rotates_it_so(Engine engine)
    {
        using var hsm = await SoftHsm.CreateAsync();
        await using var server = await ServerProcess.StartAsync(engine, Sealed(hsm));
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).ApiKey().ClientSecret().CreateAsync();
        Assert.Equal(1, hsm.Objects);
        var before = Read();
        Assert.Equal(["content", "key_id", "salt", "token_label"], before.EnumerateObject().Select(member => member.Name).Order());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));

        (await server.RunAsync("admin", "rotate-keys", "prepare")).Expect(0);
        (await server.RunAsync("admin", "rotate-keys", "activate")).Expect(0);
        var after = Read();
        Assert.Equal(before.GetProperty("key_id").GetString(), after.GetProperty("key_id").GetString());
        Assert.NotEqual(before.GetProperty("salt").GetString(), after.GetProperty("salt").GetString());
        Assert.Equal("valid", await admin.VerifyAsync(made.ApiKey.Secret));
        await server.RestartAsync();
        Assert.Equal("valid", await admin.VerifyAsync(made.ApiKey.Secret));
        await server.Client().AccessTokenAsync(made.Client());
        Assert.Equal(1, hsm.Objects);
    }

    [Fact]
    public async Task One_in_clear_is_sealed_at_the_next_start_and_opened_again_when_that_is_asked_for()
    {
        using var hsm = await SoftHsm.CreateAsync();
        Created made;
        await using (var server = await ServerProcess.StartAsync(Engine.Sqlite, Plain()))
        {
            made = await Scenario.On(await server.AdminAsync()).ApiKey().CreateAsync();
            await server.StopAsync();
        }

        var clear = await File.ReadAllTextAsync(KeyFile);
        await ExpectServesAsync(Sealed(hsm), made);
        var closed = await File.ReadAllTextAsync(KeyFile);
        foreach (var kind in JsonDocument.Parse(clear).RootElement.EnumerateObject())
        {
            Assert.DoesNotContain(kind.Value.GetProperty("1").GetString()!, closed, StringComparison.Ordinal);
        }

        // Without the token it opens nothing, and nothing is made in its place; nor with another of that name; nor changed.
        await ExpectRefusedAsync(Plain(), $"is sealed by the PKCS#11 token '{SoftHsm.Label}'. Set Tokenry:Pkcs11:Module");
        using (var other = await SoftHsm.CreateAsync())
            await ExpectRefusedAsync(Sealed(other), $"is sealed by the PKCS#11 token '{SoftHsm.Label}'. ");
        var changed = JsonNode.Parse(closed)!.AsObject();
        changed["salt"] = Convert.ToBase64String(new byte[32]);
        await File.WriteAllTextAsync(KeyFile, changed.ToJsonString());
        await ExpectRefusedAsync(Sealed(hsm), "was changed, or a key other than");
        await File.WriteAllTextAsync(KeyFile, closed);

        await ExpectServesAsync(Sealed(hsm, protection: "none"), made);
        Assert.Equal(
            JsonDocument.Parse(clear).RootElement.GetRawText(),
            JsonDocument.Parse(await File.ReadAllTextAsync(KeyFile)).RootElement.GetRawText()
        );
        await ExpectServesAsync(Plain(), made);
    }

    [Theory]
    [InlineData("hsm", "is neither none nor pkcs11")]
    [InlineData("pkcs11", "Tokenry:Pkcs11:Module is not set")]
    public async Task What_cannot_work_is_said_at_the_start(string protection, string words)
    {
        await ExpectRefusedAsync(Options(new(StringComparer.Ordinal) { ["Tokenry:KeyFileProtection"] = protection }), words);
        Assert.False(File.Exists(KeyFile));
    }

    private static async Task ExpectServesAsync(ServerOptions options, Created made)
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite, options);
        Assert.Equal("valid", await (await server.AdminAsync()).VerifyAsync(made.ApiKey.Secret));
        await server.StopAsync();
    }

    private static async Task ExpectRefusedAsync(ServerOptions options, string words)
    {
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite, options);
        await Assert.ThrowsAnyAsync<Exception>(server.LaunchAsync);
        Assert.Contains(words, string.Join('\n', server.StandardError), StringComparison.Ordinal);
    }

    private JsonElement Read() => JsonDocument.Parse(File.ReadAllText(KeyFile)).RootElement;

    private ServerOptions Plain() => Options([]);

    private ServerOptions Sealed(SoftHsm hsm, string protection = "pkcs11")
    {
        var settings = new Dictionary<string, string?>(hsm.Settings, StringComparer.Ordinal) { ["Tokenry:KeyFileProtection"] = protection };
        settings.Remove("Tokenry:SigningKeys:Store");
        return Options(settings);
    }

    private ServerOptions Options(Dictionary<string, string?> settings) => new() { DataDirectory = data.FullName, Settings = settings };
}
