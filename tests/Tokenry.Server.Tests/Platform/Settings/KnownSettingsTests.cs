using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Tests.Platform.Settings;

/// <summary>D.2: one list has every setting: what the code reads, what is refused as unknown, and what the documentation tells.</summary>
public sealed partial class KnownSettingsTests
{
    /// <summary>With these, every setting is read that is read only beside another.</summary>
    private static readonly (string Key, string? Value)[] Everything =
    [
        ("Tokenry:SigningKeys:Store", "pkcs11"),
        ("Tokenry:Pkcs11:Module", "/usr/lib/softhsm/libsofthsm2.so"),
        ("Tokenry:Pkcs11:Token", "t"),
        ("Tokenry:Pkcs11:PinFile", "/dev/null"),
        ("Tokenry:TlsUrl", "https://127.0.0.1:7643"),
    ];

    [Fact]
    public void Every_setting_that_the_code_reads_is_in_the_list_and_every_one_in_the_list_is_read()
    {
        var recorded = new RecordedKeys(Everything);
        _ = Record.Exception(() => TokenryOptions.Read(new ConfigurationRoot([recorded])));
        var read = recorded.Keys.Where(key => key.StartsWith("Tokenry:", StringComparison.Ordinal)).Select(key => key["Tokenry:".Length..]);
        Assert.Equal(
            TokenryOptions.KnownKeys.Order(StringComparer.Ordinal),
            read.Where(key => !TokenryOptions.KnownKeys.Any(known => known.StartsWith(key + ":", StringComparison.Ordinal)))
                .Distinct()
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Every_setting_is_in_the_documentation_and_every_one_there_is_a_setting()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/configuration.md"));
        Assert.All(KnownSettings.All, key => Assert.Contains($"`{key}", text, StringComparison.Ordinal));
        var named = SettingInText().Matches(text).Select(match => match.Groups["key"].Value.TrimEnd(':'));
        Assert.All(
            named,
            key => Assert.Contains(KnownSettings.All, known => known == key || known.StartsWith(key + ":", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData("Isuer", "Issuer")]
    [InlineData("--ISSUER", "Issuer")]
    [InlineData("Brnad", "Brand")]
    [InlineData("Xyz", null)]
    public void The_nearest_name_is_found_or_none(string name, string? nearest) =>
        Assert.Equal(nearest, NearestName.Of(name, ["Issuer", "Brand", "TrustedProxies"]));

    [GeneratedRegex("`(?<key>Tokenry:[A-Za-z0-9:]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SettingInText();

    /// <summary>Settings that remember which were asked for.</summary>
    private sealed class RecordedKeys : ConfigurationProvider
    {
        public RecordedKeys(IEnumerable<(string Key, string? Value)> settings)
        {
            foreach (var (key, value) in settings)
                Set(key, value);
        }

        public HashSet<string> Keys { get; } = new(StringComparer.Ordinal);

        public override bool TryGet(string key, out string? value)
        {
            Keys.Add(key);
            return base.TryGet(key, out value);
        }

        public override IEnumerable<string> GetChildKeys(IEnumerable<string> earlierKeys, string? parentPath)
        {
            if (parentPath is not null)
                Keys.Add(parentPath);
            return base.GetChildKeys(earlierKeys, parentPath);
        }
    }
}
