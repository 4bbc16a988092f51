using System.Text;
using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Edges;

/// <summary>Nothing but the string itself is the credential, at every place that takes one (security §2 row 9).</summary>
[Collection(EdgeCollection.Name)]
public sealed class CredentialMutationTests(EdgeServer edge)
{
    private const int AtOnce = 16;

    [Fact]
    public Task No_neighbour_of_an_API_key_verifies() => ExpectNoneVerifiesAsync(edge.Made.ApiKey.Secret, edge.Made.Api.Identifier);

    [Fact]
    public Task No_neighbour_of_a_personal_access_token_verifies() =>
        ExpectNoneVerifiesAsync(edge.Made.PersonalAccessToken.Secret, edge.Made.Api.Identifier);

    [Fact]
    public Task No_neighbour_of_an_access_token_verifies() => ExpectNoneVerifiesAsync(edge.AccessToken, Doors.Api, every: 7);

    [Fact]
    public async Task No_neighbour_of_a_credential_opens_the_management_API()
    {
        var anonymous = edge.Process.Client();
        foreach (var (credential, every) in new[] { (edge.Made.PersonalAccessToken.Secret, 1), (edge.AccessToken, 20) })
        {
            // In a header HTTP itself takes blanks off the ends, and carries ASCII without control characters.
            var variants = Mutations.Of(credential, every).Where(text => text == text.Trim() && text.All(c => c is >= ' ' and <= '~'));
            await ForEachAsync(variants, async text => (await anonymous.With(text).GetAsync("/v1/me")).Status is 401);
            await anonymous.With(credential).GetAsync("/v1/me").Expect(200);
        }
    }

    [Fact]
    public async Task No_neighbour_of_a_client_secret_buys_a_token_as_Basic()
    {
        var (id, secret) = edge.Made.Client();
        await ForEachAsync(Mutations.Of(secret), text => IsRefusedAsync(Basic(id, text), []));
        await ForEachAsync(Mutations.Of(id), text => IsRefusedAsync(Basic(text, secret), []));
        await edge.Process.Client().TokenAsync(edge.Made.Client(), ("resource", Doors.Api)).Expect(200);
    }

    /// <summary>The envelope has one form as well: base64 that decodes to the right pair by a decoder's grace is refused.</summary>
    [Fact]
    public async Task No_neighbour_of_the_Basic_header_buys_a_token()
    {
        var (id, secret) = edge.Made.Client();
        var credentials = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{id}:{secret}"));
        var variants = Mutations
            .Of(credentials, every: 2)
            .Where(text => text == text.Trim() && text.All(c => c is >= ' ' and <= '~'))
            .Select(text => "Basic " + text);
        await ForEachAsync(variants, text => IsRefusedAsync(text, []));
        Assert.False(await IsRefusedAsync("Basic " + credentials, []));
    }

    [Fact]
    public async Task No_neighbour_of_a_client_secret_buys_a_token_in_the_form()
    {
        var (id, secret) = edge.Made.Client();
        await ForEachAsync(Mutations.Of(secret), text => IsRefusedAsync(null, [("client_id", id), ("client_secret", text)]));
        Assert.False(await IsRefusedAsync(null, [("client_id", id), ("client_secret", secret)]));
    }

    private static string Basic(string id, string secret) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(id)}:{Uri.EscapeDataString(secret)}"));

    private async Task ExpectNoneVerifiesAsync(string credential, string api, int every = 1)
    {
        await ForEachAsync(
            Mutations.Of(credential, every),
            async text => await edge.Admin.VerifyAsync(text, api) is "malformed" or "unknown"
        );
        Assert.Equal("valid", await edge.Admin.VerifyAsync(credential, api));
    }

    /// <summary>401, where 200 would be a token; a NUL in a form is 400 before the client is looked at.</summary>
    private async Task<bool> IsRefusedAsync(string? authorization, (string Name, string Value)[] more)
    {
        // From everywhere: failures of one network are throttled.
        var from = Random.Shared.Next(1 << 24);
        var headers = new Dictionary<string, string> { ["X-Forwarded-For"] = $"10.{from >> 16}.{(from >> 8) & 255}.{from & 255}" };
        if (authorization is not null)
            headers["Authorization"] = authorization;
        (string, string)[] form = [("grant_type", "client_credentials"), ("resource", Doors.Api), .. more];
        var answer = await edge.Process.Client().FormAsync("/oauth/token", form, headers: headers);
        var isNul = more.Any(field => field.Value.Contains('\0', StringComparison.Ordinal));
        return answer.Status == (isNul ? 400 : 401) && answer.Text("error") == (isNul ? "invalid_request" : "invalid_client");
    }

    private static async Task ForEachAsync(IEnumerable<string> variants, Func<string, Task<bool>> isRefused)
    {
        var tried = 0;
        foreach (var batch in variants.Chunk(AtOnce))
        {
            var refused = await Task.WhenAll(batch.Select(isRefused));
            var taken = batch.Zip(refused).FirstOrDefault(pair => !pair.Second).First;
            Assert.True(taken is null, $"not refused: '{taken}'");
            tried += batch.Length;
        }

        Assert.True(tried > 200, $"only {tried} variants");
    }
}
