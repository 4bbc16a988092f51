using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Tests.Platform.Http;

/// <summary>Row 42 of the incidents: this server asks nobody on a caller's word, unless it is told it may, and then only the public internet.</summary>
public sealed class EgressTests
{
    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("1.1.1.1", true)]
    [InlineData("172.15.255.255", true)]
    [InlineData("172.32.0.1", true)]
    [InlineData("2606:4700:4700::1111", true)]
    [InlineData("2a00:1450:4001:81b::200e", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.255.255.254", false)]
    [InlineData("169.254.169.254", false)] // the cloud's metadata
    [InlineData("172.16.0.1", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.0.0.192", false)]
    [InlineData("192.0.2.1", false)]
    [InlineData("192.88.99.1", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("198.19.0.1", false)]
    [InlineData("198.51.100.1", false)]
    [InlineData("203.0.113.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("240.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("::ffff:127.0.0.1", false)] // mapped
    [InlineData("::ffff:8.8.8.8", false)]
    [InlineData("64:ff9b::7f00:1", false)] // NAT64
    [InlineData("64:ff9b:1::7f00:1", false)]
    [InlineData("100::1", false)]
    [InlineData("2001::1", false)] // Teredo
    [InlineData("2001:db8::1", false)]
    [InlineData("2002:7f00:1::", false)] // 6to4
    [InlineData("3fff::1", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fd00:ec2::254", false)] // the cloud's metadata, over IPv6
    [InlineData("fe80::1", false)]
    [InlineData("fec0::1", false)]
    [InlineData("ff02::1", false)]
    public void Only_the_public_internet_is_public(string address, bool isGlobal) =>
        Assert.Equal(isGlobal, GlobalAddresses.Contains(IPAddress.Parse(address)));

    [Theory]
    [InlineData("https://keys.example.com/jwks", true)]
    [InlineData("http://127.0.0.1:1/jwks", true)] // named in the configuration
    [InlineData("http://127.0.0.2:1/jwks", false)]
    [InlineData("http://keys.example.com/jwks", false)]
    [InlineData("http://localhost/jwks", false)]
    [InlineData("https://user@keys.example.com/jwks", false)]
    [InlineData("https://keys.example.com/jwks#x", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("ftp://keys.example.com/jwks", false)]
    public void Only_https_or_a_loopback_that_is_named(string address, bool isTaken) =>
        Assert.Equal(isTaken, Egress.IsAddress(new Uri(address), Options(allowed: "127.0.0.1")));

    [Fact]
    public async Task Off_it_connects_to_nobody()
    {
        using var server = new KeyServer();
        using var egress = new Egress(Options(enabled: false, allowed: "127.0.0.1"), NullLogger<Egress>.Instance);
        Assert.Null(await egress.GetAsync(server.Address));
        Assert.Equal(0, server.Requests);
    }

    [Fact]
    public async Task A_small_answer_comes_back()
    {
        using var server = new KeyServer { Body = "{\"keys\":[]}" };
        using var egress = On();
        Assert.Equal("{\"keys\":[]}"u8.ToArray(), await egress.GetAsync(server.Address));
    }

    [Fact]
    public async Task Redirects_errors_and_long_answers_are_no_answer()
    {
        using var inside = new KeyServer();
        using var server = new KeyServer();
        using var egress = On();
        foreach (var status in new[] { 301, 302, 307, 308 })
        {
            (server.Status, server.Location) = (status, inside.Address.AbsoluteUri);
            Assert.Null(await egress.GetAsync(server.Address));
        }

        Assert.Equal(0, inside.Requests);
        foreach (var status in new[] { 201, 400, 404, 500 })
        {
            (server.Status, server.Location) = (status, null);
            Assert.Null(await egress.GetAsync(server.Address));
        }

        (server.Status, server.Body) = (200, new string(' ', Egress.LongestAnswer));
        Assert.NotNull(await egress.GetAsync(server.Address));
        server.Body += " ";
        Assert.Null(await egress.GetAsync(server.Address));
    }

    [Fact]
    public async Task A_slow_answer_is_none_after_three_seconds()
    {
        using var server = new KeyServer { Delay = TimeSpan.FromSeconds(20) };
        using var egress = On();
        var started = TimeProvider.System.GetTimestamp();
        Assert.Null(await egress.GetAsync(server.Address));
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10));
    }

    /// <summary>A name that means the inside the second time it is asked is asked once.</summary>
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("8.8.8.8", "10.0.0.1")] // one of several is enough to refuse
    public async Task A_name_of_the_inside_is_connected_to_never_and_resolved_once(params string[] addresses)
    {
        var asked = 0;
        using var egress = new Egress(Options(), NullLogger<Egress>.Instance)
        {
            Resolve = (_, _) =>
            {
                asked++;
                return Task.FromResult(addresses.Select(IPAddress.Parse).ToArray());
            },
        };
        Assert.Null(await egress.GetAsync(new Uri("https://rebinding.example.com/jwks")));
        Assert.Equal(1, asked);
    }

    [Theory]
    [InlineData("https://127.0.0.1:1/")]
    [InlineData("https://[::1]:1/")]
    [InlineData("https://[::ffff:127.0.0.1]:1/")]
    [InlineData("https://169.254.169.254/latest/meta-data/")]
    [InlineData("https://0x7f000001:1/")]
    [InlineData("https://2130706433:1/")]
    public async Task An_address_of_the_inside_is_refused_in_every_spelling(string address)
    {
        using var egress = new Egress(Options(), NullLogger<Egress>.Instance)
        {
            Resolve = (_, _) => throw new InvalidOperationException("a name"),
        };
        Assert.Null(await egress.GetAsync(new Uri(address)));
    }

    private static Egress On() => new(Options(allowed: "127.0.0.1"), NullLogger<Egress>.Instance);

    internal static TokenryOptions Options(bool enabled = true, string allowed = "") =>
        TokenryOptions.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection([
                    new("Tokenry:Egress:Enabled", enabled ? "true" : "false"),
                    new("Tokenry:Egress:AllowedNetworks", allowed),
                ])
                .Build()
        );
}
