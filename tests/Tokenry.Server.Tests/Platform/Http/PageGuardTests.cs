using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Tests.Platform.Http;

/// <summary>A.11: <c>Tokenry:AllowedHosts</c> guards pages and nothing else; HSTS where the host is the issuer's.</summary>
public sealed class PageGuardTests
{
    [Theory]
    [InlineData("tokens.example.com", true)]
    [InlineData("TOKENS.example.com:8443", true)]
    [InlineData("localhost:7600", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]:7600", true)]
    [InlineData("rebinding.example.com", false)]
    [InlineData("tokens.example.com.evil.example", false)]
    [InlineData("", false)]
    public async Task Pages_are_served_under_the_issuers_host_and_loopback(string host, bool isServed) =>
        Assert.Equal(isServed, await IsServedAsync(Options("https://tokens.example.com"), host, isPage: true));

    [Fact]
    public async Task A_list_takes_the_place_of_the_default()
    {
        var options = Options("https://tokens.example.com", "console.example.com, [::1]");
        Assert.True(await IsServedAsync(options, "console.example.com", isPage: true));
        Assert.True(await IsServedAsync(options, "[::1]:80", isPage: true));
        Assert.False(await IsServedAsync(options, "tokens.example.com", isPage: true));
    }

    [Fact]
    public async Task Doors_and_probes_are_called_by_any_name() =>
        Assert.True(await IsServedAsync(Options("https://tokens.example.com"), "10.0.0.7:7600", isPage: false));

    [Theory]
    [InlineData("https://tokens.example.com", "tokens.example.com", true)]
    [InlineData("https://tokens.example.com", "localhost", false)]
    [InlineData("http://localhost:7600", "localhost:7600", false)]
    public async Task Browsers_are_told_to_come_by_https_where_that_is_so(string issuer, string host, bool isTold)
    {
        var context = Context(host, isPage: true);
        await Guard(Options(issuer), () => { }).InvokeAsync(context);
        Assert.Equal(isTold ? "max-age=31536000" : "", context.Response.Headers.StrictTransportSecurity.ToString());
    }

    [Fact]
    public void A_host_with_a_port_is_a_fault()
    {
        var fault = Assert.Throws<StartupException>(() => Options("https://tokens.example.com", "tokens.example.com:443"));
        Assert.Contains("Tokenry:AllowedHosts 'tokens.example.com:443'", fault.Message, StringComparison.Ordinal);
    }

    private static async Task<bool> IsServedAsync(TokenryOptions options, string host, bool isPage)
    {
        var isServed = false;
        try
        {
            await Guard(options, () => isServed = true).InvokeAsync(Context(host, isPage));
        }
        catch (ProblemException problem)
        {
            Assert.Equal((421, "misdirected_request"), (problem.Status, problem.Code));
        }

        return isServed;
    }

    private static PageGuard Guard(TokenryOptions options, Action served) =>
        new(
            _ =>
            {
                served();
                return Task.CompletedTask;
            },
            options
        );

    private static DefaultHttpContext Context(string host, bool isPage)
    {
        var context = new DefaultHttpContext();
        context.Request.Host = new HostString(host);
        context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(isPage ? [new RouteIsPage()] : []), null));
        return context;
    }

    private static TokenryOptions Options(string issuer, string? hosts = null) =>
        TokenryOptions.Read(
            new ConfigurationBuilder().AddInMemoryCollection([new("Tokenry:Issuer", issuer), new("Tokenry:AllowedHosts", hosts)]).Build()
        );
}
