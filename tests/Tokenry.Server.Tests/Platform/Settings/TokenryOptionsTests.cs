using Microsoft.Extensions.Configuration;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Tests.Platform.Settings;

public sealed class TokenryOptionsTests
{
    [Theory]
    [InlineData("RotateEvery", "90", "is not a span")]
    [InlineData("RotateEvery", "-1d", "is not a span")]
    [InlineData("RotateEvery", "1.5d", "is not a span")]
    [InlineData("RotateEvery", "90 d", "is not a span")]
    [InlineData("RotateEvery", "90D", "is not a span")]
    [InlineData("RotateEvery", "0s", "is not a span")]
    [InlineData("RotateEvery", "4000d", "is not a span")]
    [InlineData("RotateEvery", "10m", "is not longer than PublishAhead 10m")]
    [InlineData("PublishAhead", "0", "is not a span")]
    [InlineData("PublishAhead", "9m", "is less than twice JwksMaxAge 5m")]
    [InlineData("JwksMaxAge", "1w", "is not a span")]
    [InlineData("RetiredKept", "4m", "is shorter than JwksMaxAge 5m")]
    public void A_life_of_signing_keys_that_breaks_verifiers_is_refused(string key, string value, string fault) =>
        Assert.Contains(fault, Assert.Single(Faults(($"Tokenry:SigningKeys:{key}", value))), StringComparison.Ordinal);

    [Fact]
    public void Signing_keys_live_ninety_days_and_the_rest_follows_from_the_age_of_the_key_set()
    {
        var usual = Read().SigningKeys;
        Assert.Equal(
            (TimeSpan.FromDays(90), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(66)),
            (usual.RotateEvery, usual.JwksMaxAge, usual.PublishAhead, usual.RetiredKept)
        );
        var slower = Read(("Tokenry:SigningKeys:JwksMaxAge", "1h"), ("Tokenry:SigningKeys:RotateEvery", "0")).SigningKeys;
        Assert.Equal(
            (null, TimeSpan.FromHours(2), TimeSpan.FromMinutes(121)),
            (slower.RotateEvery, slower.PublishAhead, slower.RetiredKept)
        );
    }

    [Theory]
    [InlineData(null, "http://127.0.0.1:7600")]
    [InlineData("http://127.0.0.1:7611", "http://127.0.0.1:7611")]
    [InlineData("http://localhost:7611", "http://localhost:7611")]
    [InlineData("http://[::1]:7611", "http://[::1]:7611")]
    [InlineData("https://tokens.example.com", "https://tokens.example.com")]
    [InlineData("http://unix:/run/tokenry.sock;http://127.0.0.1:7611", "http://127.0.0.1:7611")]
    public void The_issuer_is_taken_from_one_clear_address(string? urls, string issuer) =>
        Assert.Equal(issuer, Read(("urls", urls)).Issuer);

    [Theory]
    [InlineData("http://127.0.0.1:7611;http://127.0.0.1:7612")]
    [InlineData("http://127.0.0.1:7611;http://localhost:7611")]
    [InlineData("http://0.0.0.0:7611")]
    [InlineData("http://*:7611")]
    [InlineData("http://+:7611")]
    [InlineData("http://[::]:7611")]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://tokens.example.com")]
    [InlineData("http://127.0.0.1:7611;http://0.0.0.0:7612")]
    [InlineData("https://a.example.com;https://b.example.com")]
    [InlineData("https://a.example.com;http://127.0.0.1:7611")]
    [InlineData("https://*:7643")]
    [InlineData("https://0.0.0.0:7643")]
    [InlineData("https://[::]:7643")]
    [InlineData("https://+:7643")]
    [InlineData("http://unix:/run/tokenry.sock")]
    public void An_address_that_names_no_one_place_is_not_guessed_from(string urls) =>
        Assert.Contains("Tokenry:Issuer is not set and cannot be taken", Assert.Single(Faults(("urls", urls))), StringComparison.Ordinal);

    [Theory]
    [InlineData("http://tokens.example.com", "is plain http and not loopback")]
    [InlineData("http://10.0.0.1:7600", "is plain http and not loopback")]
    [InlineData("tokens.example.com", "is not an http(s) address")]
    [InlineData("/tokens", "is not an http(s) address")]
    [InlineData("ftp://tokens.example.com", "is not an http(s) address")]
    [InlineData("https://tokens.example.com/", "is not an http(s) address")]
    [InlineData("https://tokens.example.com?x=1", "is not an http(s) address")]
    [InlineData("https://tokens.example.com#x", "is not an http(s) address")]
    [InlineData("https://user:password@tokens.example.com", "is not an http(s) address")]
    [InlineData("", "is not an http(s) address")]
    public void An_issuer_that_clients_could_not_use_is_refused(string issuer, string words) =>
        Assert.Contains(words, Assert.Single(Faults(("Tokenry:Issuer", issuer))), StringComparison.Ordinal);

    [Theory]
    [InlineData("https://tokens.example.com")]
    [InlineData("https://example.com/tokens")]
    [InlineData("http://localhost:7600")]
    public void An_issuer_that_is_named_wins_over_the_addresses(string issuer) =>
        Assert.Equal(issuer, Read(("Tokenry:Issuer", issuer), ("urls", "http://0.0.0.0:8080;http://[::]:8080")).Issuer);

    [Fact]
    public void Everything_wrong_is_said_at_once()
    {
        var faults = Faults(
            ("urls", "http://0.0.0.0:7600"),
            ("Tokenry:Brand", "Capital"),
            ("Tokenry:RetiredBrands", "ok1,x"),
            ("Tokenry:TrustedProxies", "10.0.0.0/8,nonsense"),
            ("Tokenry:Bootstrap:AdminPassword", "short"),
            ("Tokenry:PersonalAccessTokens:MaxLifetimeDays", "0"),
            ("Tokenry:Isuer", "https://typo.example.com"),
            ("ConnectionStrings:Tokenry", "Database=x")
        );
        string[] named =
        [
            "Tokenry:Isuer is not a setting. Did you mean Tokenry:Issuer?",
            "'Capital'",
            "'x'",
            "'nonsense'",
            "AdminPassword is shorter",
            "names no Host",
            "MaxLifetimeDays '0'",
            "Tokenry:Issuer is not set",
        ];
        Assert.Equal(named.Length, faults.Count);
        Assert.All(named, words => Assert.Contains(faults, fault => fault.Contains(words, StringComparison.Ordinal)));
        Assert.DoesNotContain(faults, fault => fault.Contains("short,", StringComparison.Ordinal)); // the password is not repeated
    }

    [Fact]
    public void A_key_that_is_no_setting_is_named_with_those_that_are()
    {
        var near = Assert.Single(Faults(("Tokenry:Bootstrap:Password", "x")));
        Assert.Equal("Tokenry:Bootstrap:Password is not a setting. Did you mean Tokenry:Bootstrap:AdminPassword?", near);
        var far = Assert.Single(Faults(("Tokenry:Xyz", "x")));
        Assert.StartsWith("Tokenry:Xyz is not a setting. Known: Issuer, DataDirectory, ", far, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not a connection string")]
    [InlineData("Host=db;Nonsense=1")]
    [InlineData("Host=db;Port=x")]
    [InlineData("")]
    public void A_connection_string_that_is_none_is_not_repeated_since_it_may_hold_a_password(string text)
    {
        var fault = Assert.Single(Faults(("ConnectionStrings:Tokenry", text)));
        Assert.StartsWith("ConnectionStrings:Tokenry ", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("Nonsense", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("collector:4318")]
    [InlineData("/v1/traces")]
    [InlineData("")]
    [InlineData("ftp://collector")]
    [InlineData("https://user:hunter2@collector")]
    [InlineData("https://collector?key=hunter2")]
    [InlineData("https://collector#hunter2")]
    public void An_OTLP_endpoint_that_is_no_plain_address_is_refused_and_not_repeated(string endpoint)
    {
        var fault = Assert.Single(Faults(("Tokenry:Otlp:Endpoint", endpoint)));
        Assert.StartsWith("Tokenry:Otlp:Endpoint is not an http(s) address", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void An_OTLP_endpoint_is_off_where_it_is_absent()
    {
        Assert.Null(Read().Otlp.Endpoint);
        Assert.Equal("http://127.0.0.1:4318/", Read(("Tokenry:Otlp:Endpoint", "http://127.0.0.1:4318")).Otlp.Endpoint!.AbsoluteUri);
    }

    [Fact]
    public void Lists_come_as_arrays_or_in_one_line()
    {
        var options = Read(
            ("Tokenry:RetiredBrands:0", "old"),
            ("Tokenry:RetiredBrands:1", "older"),
            ("Tokenry:TrustedProxies", "10.0.0.0/8, 192.0.2.1 ::1")
        );
        Assert.Equal(["old", "older"], options.Brands.Retired);
        Assert.Equal(["10.0.0.0/8", "192.0.2.1/32", "::1/128"], options.TrustedProxies.Select(network => network.ToString()));
    }

    private static IReadOnlyList<string> Faults(params (string, string?)[] settings) =>
        Assert.Throws<StartupException>(() => Read(settings)).Faults;

    private static TokenryOptions Read(params (string Key, string? Value)[] settings) =>
        TokenryOptions.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    settings.Where(pair => pair.Value is not null).Select(pair => KeyValuePair.Create(pair.Key, pair.Value))
                )
                .Build()
        );
}
