using static Tokenry.Server.Tests.Features.Verification.SignedQuestions;

namespace Tokenry.Server.Tests.Features.Verification;

/// <summary>What a signature must be and cover (security §3.11), each row at the server.</summary>
public sealed class SignatureProfileTests(SharedServers servers)
{
    public static TheoryData<string, Action<SignedParts>> BadParts() =>
        new()
        {
            { "@method not covered", parts => parts.Components.Remove("\"@method\"") },
            { "@authority not covered", parts => parts.Components.Remove("\"@authority\"") },
            { "@path not covered", parts => parts.Components.Remove("\"@path\"") },
            { "@query not covered", parts => parts.Components.Remove("\"@query\"") },
            { "nothing covered", parts => parts.Components.Clear() },
            { "a component twice", parts => parts.Components.Add("\"@method\"") },
            { "an unknown derived component", parts => parts.Components.Add("\"@status\"") },
            { "@query-param", parts => parts.Components.Add("\"@query-param\";name=\"q\"") },
            { ";req", parts => parts.Components[0] += ";req" },
            { ";sf", parts => parts.Components.Add("\"x-a\";sf") },
            { ";bs", parts => parts.Components.Add("\"x-a\";bs") },
            { ";key", parts => parts.Components.Add("\"x-a\";key=\"b\"") },
            { ";tr", parts => parts.Components.Add("\"x-a\";tr") },
            { "a field that is not there", parts => parts.Components.Add("\"x-b\"") },
            { "a field of another value", parts => Cover(parts, "x-a", "2") },
            { "created too long ago", parts => parts.CreatedAgo(302) },
            { "created too far ahead", parts => parts.CreatedAgo(-62) },
            { "expired", parts => parts.ExpiresIn(-1) },
            {
                "expires before created",
                parts => (parts.Parameters["created"], parts.Parameters["expires"]) = ("2000000001", "2000000000")
            },
            { "without created", parts => parts.Parameters.Remove("created") },
            { "without nonce", parts => parts.Parameters.Remove("nonce") },
            { "without keyid", parts => parts.Parameters.Remove("keyid") },
            { "an alg that is not the key's", parts => parts.Parameters["alg"] = "\"ecdsa-p256-sha256\"" },
            { "an alg that nobody takes", parts => parts.Parameters["alg"] = "\"ed25519\"" },
            { "another method", parts => parts.Values["@method"] = "PUT" },
            { "another authority", parts => parts.Values["@authority"] = "other.example.com" },
            { "the path decoded", parts => parts.Values["@path"] = "/v1/invoices/a/b" },
            { "another query", parts => parts.Values["@query"] = "?" },
        };

    [Theory, MemberData(nameof(BadParts), DisableDiscoveryEnumeration = true)]
    public async Task What_is_not_in_the_profile_is_not_good_and_uses_nothing_up(string why, Action<SignedParts> change)
    {
        var (admin, made) = await ArrangeAsync(servers, Engine.Sqlite);
        var nonce = $"\"{Guid.NewGuid():n}\"";
        var headers = Signer(made)
            .Sign(
                "GET",
                Url(made),
                change: parts =>
                {
                    parts.Parameters["nonce"] = nonce;
                    change(parts);
                }
            );
        var code = await CodeAsync(admin, made, headers);
        Assert.True(code == "proof_invalid", $"{why}: {code}");
        var good = Signer(made)
            .Sign(
                "GET",
                Url(made),
                change: parts =>
                {
                    Cover(parts, "x-a", "1");
                    parts.Parameters["nonce"] = nonce;
                }
            );
        Assert.Equal("valid", await CodeAsync(admin, made, good));
    }

    public static TheoryData<string, Action<Dictionary<string, string>>> BadHeaders() =>
        new()
        {
            { "a signature of other bytes", headers => Spoilt(headers) },
            { "a signature that is cut", headers => headers["Signature"] = "tokenry=:AAAA:" },
            { "a label in Signature alone", headers => headers["Signature"] += ", other=:AAAA:" },
            { "a label in Signature-Input alone", headers => headers["Signature-Input"] += ", other=();tag=\"x\"" },
            {
                "another label",
                headers => headers["Signature"] = headers["Signature"].Replace("tokenry", "other", StringComparison.Ordinal)
            },
            { "no Signature", headers => headers["Signature"] = "" },
            {
                "two with our tag",
                headers =>
                {
                    headers["Signature-Input"] += ", second" + headers["Signature-Input"]["tokenry".Length..];
                    headers["Signature"] += ", second" + headers["Signature"]["tokenry".Length..];
                }
            },
            { "no dictionary", headers => headers["Signature-Input"] = "(\"@method\"" },
        };

    [Theory, MemberData(nameof(BadHeaders), DisableDiscoveryEnumeration = true)]
    public async Task Spoilt_headers_are_not_good(string why, Action<Dictionary<string, string>> change)
    {
        var (admin, made) = await ArrangeAsync(servers, Engine.Sqlite);
        var headers = Signer(made).Sign("GET", Url(made));
        change(headers);
        var code = await CodeAsync(admin, made, headers);
        Assert.True(code == "proof_invalid", $"{why}: {code}");
    }
}
