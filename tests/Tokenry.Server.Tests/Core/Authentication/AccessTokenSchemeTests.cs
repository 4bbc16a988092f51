using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Core.Authentication;

/// <summary>A token is verified once; everything that may end it is looked at every time. Each token here is presented twice before anything happens to it.</summary>
public sealed class AccessTokenSchemeTests
{
    private const string Application = "app_1";
    private const string Credential = "cs_1";

    [Theory]
    [BothEngines("ES256")]
    [BothEngines("RS256")]
    public async Task A_token_that_was_verified_expires_all_the_same(Engine engine, string algorithm)
    {
        await using var scene = await Scene.ArrangeAsync(engine, algorithm);
        var (token, _) = scene.NewToken(TimeSpan.FromSeconds(30));
        await scene.ExpectKnownAsync(token);
        scene.Time.Advance(TimeSpan.FromSeconds(29.999));
        Assert.Equal("valid", await scene.CodeAsync(token));
        scene.Time.Advance(TimeSpan.FromSeconds(0.001));
        Assert.Equal("expired", await scene.CodeAsync(token));
        scene.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal("expired", await scene.CodeAsync(token));
    }

    [Theory, BothEngines]
    public async Task A_token_that_was_verified_is_refused_once_it_is_revoked(Engine engine)
    {
        await using var scene = await Scene.ArrangeAsync(engine);
        var ((token, id), (sibling, _)) = (scene.NewToken(TimeSpan.FromMinutes(5)), scene.NewToken(TimeSpan.FromMinutes(5)));
        await scene.ExpectKnownAsync(token);
        await scene.ExpectKnownAsync(sibling);
        await scene.Store.Database.WriteAsync(async tx =>
        {
            await RevokedAccessTokens.AddAsync(tx, id, scene.Time.GetUtcNow().AddMinutes(5));
            return 0;
        });
        Assert.Equal("revoked", await scene.CodeAsync(token));
        Assert.Equal("valid", await scene.CodeAsync(sibling));
    }

    [Theory]
    [BothEngines("UPDATE principals SET enabled = 0", "owner_disabled", "UPDATE principals SET enabled = 1")]
    [BothEngines("UPDATE credentials SET state = 'revoked'", "revoked", null)]
    [BothEngines("UPDATE credentials SET state = 'disabled'", "disabled", "UPDATE credentials SET state = 'active'")]
    [BothEngines("UPDATE credentials SET tokens_since = 99999999999999", "revoked", "UPDATE credentials SET tokens_since = 1")]
    [BothEngines("UPDATE principals SET tokens_since = 99999999999999", "revoked", "UPDATE principals SET tokens_since = 1")]
    [BothEngines("DELETE FROM credentials", "revoked", null)]
    [BothEngines("DELETE FROM principals", "owner_disabled", null)]
    public async Task A_token_that_was_verified_ends_with_what_it_stands_on(Engine engine, string end, string code, string? undo)
    {
        await using var scene = await Scene.ArrangeAsync(engine);
        var (token, _) = scene.NewToken(TimeSpan.FromMinutes(5));
        await scene.ExpectKnownAsync(token);
        await scene.ChangeAsync(end);
        Assert.Equal(code, await scene.CodeAsync(token));
        if (undo is not null)
        {
            await scene.ChangeAsync(undo);
            await scene.ExpectKnownAsync(token);
        }
    }

    [Theory]
    [BothEngines("ES256")]
    [BothEngines("RS256")]
    public async Task No_changed_character_passes_for_a_token_that_was_verified(Engine engine, string algorithm)
    {
        await using var scene = await Scene.ArrangeAsync(engine, algorithm);
        var (token, _) = scene.NewToken(TimeSpan.FromMinutes(5));
        await scene.ExpectKnownAsync(token);
        for (var i = 0; i < token.Length; i++)
        {
            var changed = $"{token[..i]}{(token[i] == 'A' ? 'B' : 'A')}{token[(i + 1)..]}";
            Assert.Contains(await scene.CodeAsync(changed), new[] { "malformed", "unknown" });
        }
        await scene.ExpectKnownAsync(token);
    }

    /// <summary>Parts that are good each by themselves.</summary>
    [Theory, BothEngines]
    public async Task Parts_of_two_tokens_that_were_verified_make_no_third(Engine engine)
    {
        await using var scene = await Scene.ArrangeAsync(engine);
        var ((one, _), (other, _)) = (scene.NewToken(TimeSpan.FromMinutes(5)), scene.NewToken(TimeSpan.FromMinutes(6)));
        await scene.ExpectKnownAsync(one);
        await scene.ExpectKnownAsync(other);
        var (a, b) = (one.Split('.'), other.Split('.'));
        Assert.Equal("unknown", await scene.CodeAsync($"{a[0]}.{a[1]}.{b[2]}"));
        Assert.Equal("unknown", await scene.CodeAsync($"{a[0]}.{b[1]}.{a[2]}"));
    }

    /// <summary>A refusal is a decision, and not kept.</summary>
    [Theory, BothEngines]
    public async Task A_token_of_the_future_is_good_once_its_time_has_come(Engine engine)
    {
        await using var scene = await Scene.ArrangeAsync(engine);
        scene.Time.Advance(TimeSpan.FromHours(1));
        var (token, _) = scene.NewToken(TimeSpan.FromMinutes(5));
        scene.Time.AdjustTime(scene.Time.GetUtcNow().AddHours(-1));
        Assert.Equal("not_yet_valid", await scene.CodeAsync(token));
        Assert.Equal("not_yet_valid", await scene.CodeAsync(token));
        scene.Time.Advance(TimeSpan.FromHours(1));
        await scene.ExpectKnownAsync(token);
    }

    /// <summary>An application with a credential in a store, and what the server looks at when a token of it comes.</summary>
    private sealed class Scene : IAsyncDisposable
    {
        private readonly SigningKeyRing keys;
        private readonly AccessTokenWriter writer;
        private readonly AccessTokenScheme scheme;
        private readonly string algorithm;

        private Scene(TestStore store, FakeTimeProvider time, SigningKeyRing keys, string algorithm)
        {
            (Store, Time, this.keys, this.algorithm) = (store, time, keys, algorithm);
            var options = TokenryOptions.Read(
                new ConfigurationBuilder().AddInMemoryCollection([new("Tokenry:Issuer", "https://tokens.example.com")]).Build()
            );
            var freshness = new Freshness(time, alwaysFresh: true);
            writer = new AccessTokenWriter(keys, options, time);
            scheme = new AccessTokenScheme(
                keys,
                new RevokedAccessTokens(store.Database, store.Hub, freshness),
                new CredentialCache(store.Database, store.Hub, freshness),
                new PrincipalCache(store.Database, store.Hub, freshness),
                options,
                time
            );
        }

        public TestStore Store { get; }

        public FakeTimeProvider Time { get; }

        public static async Task<Scene> ArrangeAsync(Engine engine, string algorithm = "ES256")
        {
            var time = new FakeTimeProvider(TestStore.Start);
            var store = await TestStore.OpenAsync(engine, time);
            await store.ExecuteAsync(
                $"""
                INSERT INTO principals (id, type, name, enabled, created_at) VALUES ('{Application}', 'application', 'Billing', 1, 1);
                INSERT INTO credentials (id, kind, owner_id, name, masked, created_at, state)
                  VALUES ('{Credential}', 'client_secret', '{Application}', 'ci', 'x', 1, 'active')
                """
            );
            var signingKeys = new SigningKeyRing(store.Database, store.Keys, store.Hub, time);
            await signingKeys.OpenAsync();
            if (await signingKeys.PrepareAsync(algorithm) is { } made)
            {
                await store.Database.WriteAsync(tx => SigningKeyStore.InsertActiveAsync(tx, made, time.GetUtcNow()));
                await signingKeys.HoldAsync([algorithm]);
            }

            return new Scene(store, time, signingKeys, algorithm);
        }

        public (string Token, string Id) NewToken(TimeSpan lifetime) =>
            writer.Write(
                new AccessTokenClaims
                {
                    Audience = "https://api.example.com",
                    Subject = Application,
                    ClientId = Application,
                    Scope = ScopeSet.Of(["a"]),
                    CredentialId = Credential,
                    Lifetime = lifetime,
                },
                algorithm
            );

        public async Task<string> CodeAsync(string token) => (await scheme.AuthenticateAsync(token)).Code;

        /// <summary>Good, and from the second time on not verified again.</summary>
        public async Task ExpectKnownAsync(string token)
        {
            var first = await scheme.AuthenticateAsync(token);
            var second = await scheme.AuthenticateAsync(token);
            Assert.Equal(("valid", "valid"), (first.Code, second.Code));
            Assert.Same(first.Token, second.Token);
        }

        public Task<int> ChangeAsync(string sql) =>
            Store.Database.WriteAsync(tx =>
            {
                tx.Changed(ChangeKind.Principal, Application);
                tx.Changed(ChangeKind.Credential, Credential);
                return tx.ExecuteAsync(sql);
            });

        public async ValueTask DisposeAsync()
        {
            keys.Dispose();
            await Store.DisposeAsync();
        }
    }
}
