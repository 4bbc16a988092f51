using Tokenry.Server.Tests.Platform.Http;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>
/// The server's own three doors for an access token, asked at once: <c>/v1/verify</c>, introspection, and <c>/v1/me</c> as one door of the
/// management API. They must agree. The application may do something at the management API, so that one token fits all three.
/// </summary>
internal sealed class Doors(ApiClient admin, Created made)
{
    public const string Api = "urn:tokenry:management";

    public ApiClient Admin => admin;

    public Created Made => made;

    public ApiClient Anonymous => admin.With(null);

    public static async Task<Doors> ArrangeAsync(ApiClient admin) =>
        new(admin, await Scenario.On(admin).ManagementRole("audit:read").Application().ClientSecret().CreateAsync());

    public Task<string> NewTokenAsync() => Anonymous.AccessTokenAsync(made.Client(), ("resource", Api));

    public async Task ExpectGoodAsync(string token)
    {
        Assert.Equal("valid", await admin.VerifyAsync(token, Api));
        await admin.IntrospectAsync(token).ExpectActive();
        await Anonymous.With(token).GetAsync("/v1/me").Expect(200);
    }

    public async Task ExpectRefusedAsync(string token, string code)
    {
        var seen = await admin.VerifyAsync(token, Api);
        Assert.True(code == seen, $"expected {code}, got {seen}: {(token.Length > 2000 ? token[..2000] : token)}");
        await admin.IntrospectAsync(token).ExpectInactive();
        await Anonymous.IntrospectAsync(token, made.Client()).ExpectInactive();
        if (token.Length > 8_000)
            return; // no header of that size is taken

        // Header values are trimmed of blanks by HTTP itself, and carry ASCII.
        if (token == token.Trim() && token.All(c => c is > ' ' and <= '~'))
        {
            // Its holder may know that it was genuine once.
            var isExpired = code == "expired";
            var refused = await Anonymous.With(token).GetAsync("/v1/me").Expect(401, isExpired ? "credential_expired" : "invalid_token");
            if (isExpired)
                return;
            // The issuer, which need not be the address that was asked.
            var issuer = (await Anonymous.GetAsync("/.well-known/oauth-authorization-server").Expect(200)).Text("issuer");
            Assert.Equal(ChallengeTests.Refused(admin.At(issuer)), refused.Header("WWW-Authenticate"));
        }
    }
}
