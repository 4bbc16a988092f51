using Microsoft.Extensions.Configuration;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Tests.Features.Configuration;

/// <summary>The page of settings: every setting with its origin, and no secret.</summary>
public sealed class SettingsPagesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Administrators_see_what_is_configured_and_others_do_not(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync(["rol_0000000000000000000001"])).Id);
        var page = (await browser.GetAsync("/settings")).Expect(200).Body;
        Assert.All(KnownSettings.All, key => Assert.Contains($"<code>{key}</code>", page, StringComparison.Ordinal));
        Assert.DoesNotContain("Password=", page, StringComparison.Ordinal);
        Assert.Contains("href=\"settings\"", page, StringComparison.Ordinal);

        // The auditor reads everything that has a scope; the configuration has none.
        foreach (var role in new[] { "rol_0000000000000000000002", "rol_0000000000000000000003" })
        {
            var other = await admin.BrowserOfAsync((await admin.CreateUserAsync([role])).Id);
            (await other.GetAsync("/settings")).Expect(403);
            Assert.DoesNotContain("href=\"settings\"", (await other.GetAsync("/overview")).Expect(200).Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Each_value_has_its_origin_and_a_secret_is_never_returned()
    {
        const string secret = "correct horse battery staple";
        var file = Path.Combine(Directory.CreateTempSubdirectory("tokenry-settings-").FullName, "appsettings.json");
        File.WriteAllText(file, """{"Tokenry":{"TrustedProxies":["10.0.0.0/8","10.1.0.0/16"],"Brand":"abc"}}""");
        var configuration = new ConfigurationBuilder()
            .AddJsonFile(file)
            .AddCommandLine([
                "--Tokenry:Brand=xyz",
                $"--Tokenry:Bootstrap:AdminPassword={secret}",
                $"--ConnectionStrings:Tokenry=Host=db;Password={secret}",
                $"--Tokenry:Otlp:Endpoint=https://user:{secret.Replace(' ', '-')}@collector.example:4318",
                "--Tokenry:LeakReports:Keys:github=MFkwEwYH",
                "--urls=http://127.0.0.1:7600",
            ])
            .Build();
        var settings = ConfiguredSettings.Of(configuration).ToDictionary(setting => setting.Key, StringComparer.Ordinal);
        Assert.Equal(
            (SettingOrigin.File, "10.0.0.0/8, 10.1.0.0/16"),
            (settings["Tokenry:TrustedProxies"].Origin, settings["Tokenry:TrustedProxies"].Value)
        );
        Assert.Equal("appsettings.json", settings["Tokenry:TrustedProxies"].File);
        Assert.Equal((SettingOrigin.Arguments, "xyz"), (settings["Tokenry:Brand"].Origin, settings["Tokenry:Brand"].Value));
        Assert.Equal(
            (SettingOrigin.Default, null),
            (settings["Tokenry:Dpop:RequireNonce"].Origin, settings["Tokenry:Dpop:RequireNonce"].Value)
        );
        Assert.Equal("http://127.0.0.1:7600", settings["urls"].Value);
        Assert.Equal("github", settings["Tokenry:LeakReports:Keys"].Value);
        Assert.Equal("https://collector.example:4318", settings["Tokenry:Otlp:Endpoint"].Value);
        foreach (var key in new[] { "Tokenry:Bootstrap:AdminPassword", "ConnectionStrings:Tokenry" })
            Assert.Equal((true, null), (settings[key].IsSecret, settings[key].Value));
        Assert.DoesNotContain(settings.Values, setting => setting.ToString().Contains("battery", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_setting_has_its_default_from_the_documentation() =>
        Assert.Empty(
            KnownSettings
                .All.Append("urls")
                .Except(ConfiguredSettings.Defaults().Where(pair => pair.Value.Length > 0).Select(pair => pair.Key))
        );
}
