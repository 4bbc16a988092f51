using System.Globalization;
using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tokenry.Protocol.Api;
using Tokenry.Server.Composition;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Tests.Platform.Store.Upgrade;

/// <summary>
/// An upgrade from every schema there was, with live rows of that schema (<c>schema-NNNN.sql</c>): what was issued then works now, under the same terms.
/// A new migration needs the rows of the schema before it.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed partial class UpgradeTests
{
    private const string Api = "https://api.example.com";
    private const string FullKey = "tkr_key_02x5WlL3b6JTW5UUwfUZJ4XvCPg9l1YZgHxAofcaEXmeGNJBAKek1KT3YitJxVTZW0DFIBo";
    private const string PlainKey = "tkr_key_02x5WlL3b6JpUlm4xleqrLYWnp9J4GQKoSeLotLWIwOw7iPsPyVJudbqPM9S9L7uI3uxKBG";
    private const string PersonalToken = "tkr_pat_02x5WlL3b6KBTS3eyrp8PcjtpF1Lxjv1ymK9QCrRU1ytqZ9VOPH3iXv3LcWLhPt8O2iSWDC";
    private const string ClientSecret = "tkr_sec_02x5WlL3b6KXS8LEzxzPxtOWQo7iaRqR5HLBKgD0Ai012WSWeth6dffJzpDMiCcfE4F55PZ";
    private const string AnonymousKey = "tkr_key_02x5WlL3b6KtQocp149hWAfswLcpHBW42fBUHrDH4BYeOdGML31CBRmCKbEa9gTIl0N87lA";
    private const string DisabledKey = "tkr_key_02x5WlL3b6LFPUuP2AJz4R1D5aMyHDgkD3O7niJvTfHEEUZ7NIzq0tXdf9nMCLw141NY9bG";
    private const string RevokedKey = "tkr_key_02x5WlL3b6LbOBBz3GUGciqLdIPNkHqhaxRM994ECJ79VliaRvDUx9aPQsTdHrsON2yBvGH";
    private const string PublicKeyId = "jwk_02x5WlL3b6LxMrTZ4MeYAz";

    /// <summary>Nulls, spaces, escapes and the spelling of numbers are the holder's; an upgrade changes none of them.</summary>
    private const string Metadata = """{"a":null,"list":[1.50e3,null],"text":"\u00e9 é \/ ",  "deep":{"n":null}}""";

    private const string Limits = """[{"name":"burst","limit":60,"window_seconds":60},{"name":"daily","limit":1000,"period":"day"}]""";

    private const string Keys =
        """{"peppers":{"1":"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="},"key_encryption_keys":{"1":"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="},"audit_keys":{"1":"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="}}""";

    private static string Folder => Path.Combine(Repository.Root, "tests/Tokenry.Server.Tests/Platform/Store/Upgrade");

    public static IEnumerable<TheoryDataRow<Engine, int>> Schemas =>
        Enum.GetValues<Engine>()
            .SelectMany(engine =>
                Numbers()
                    .Select(number => new TheoryDataRow<Engine, int>(engine, number)
                    {
                        Traits = new Dictionary<string, HashSet<string>>(StringComparer.OrdinalIgnoreCase)
                        {
                            ["Engine"] = [engine.ToString()],
                        },
                    })
            );

    [Fact]
    public void Every_schema_before_the_newest_has_live_rows() =>
        Assert.Equal(Migration.Embedded.SkipLast(1).Select(migration => migration.Number), Numbers());

    [Theory, MemberData(nameof(Schemas))]
    public async Task What_was_issued_before_an_upgrade_works_after_it_under_the_same_terms(Engine engine, int schema)
    {
        await using var store = await TestStore.EmptyAsync(engine);
        await using (var old = store.Open(new ChangeHub()))
        {
            await old.MigrateAsync([.. Migration.Embedded.Where(migration => migration.Number <= schema)]);
            var rows = await File.ReadAllTextAsync(Path.Combine(Folder, $"schema-{schema:D4}.sql"), TestContext.Current.CancellationToken);
            await old.WriteAsync(tx => tx.ExecuteAsync(Spelled(rows, engine)));
        }

        await File.WriteAllTextAsync(store.KeyFile, Keys, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(store.KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var services = Server(store);
        await CoreServices.OpenStoreAsync(services);

        await AssertAuthenticatesAsync(services);
        await AssertTermsAsync(services, schema);
    }

    private static async Task AssertAuthenticatesAsync(IServiceProvider services)
    {
        var authenticator = services.GetRequiredService<Authenticator>();
        var catalog = await services.GetRequiredService<CatalogCache>().GetAsync();
        foreach (var presented in new[] { FullKey, PlainKey, PersonalToken, ClientSecret, AnonymousKey })
        {
            Assert.True((await authenticator.AuthenticateAsync(presented)).IsGood, presented);
        }

        foreach (var presented in new[] { DisabledKey, RevokedKey })
        {
            Assert.False((await authenticator.AuthenticateAsync(presented)).IsGood, presented);
        }

        foreach (var presented in new[] { FullKey, PlainKey, PersonalToken })
        {
            var credential = Assert.IsType<AuthenticatedCredential>(await authenticator.AuthenticateAsync(presented));
            var rights = Rights.Of(catalog, credential, catalog.Resource(Api)!);
            Assert.Equal("invoices:read", rights.ToString());
        }
    }

    private static async Task AssertTermsAsync(IServiceProvider services, int schema)
    {
        var full = await ShownAsync(services, "key" + FullKey[7..30]);
        AssertTerm(full, "objects", """["repo:acme/*","repo:other"]""");
        AssertTerm(full, "allowed_ips", """["10.0.0.0/8","::1"]""");
        AssertTerm(full, "rate_limits", schema >= 2 ? Limits : "null");
        AssertTerm(full, "rotate_every_days", schema >= 4 ? "90" : "null");
        AssertTerm(full, "due_at", schema >= 4 ? "\"2024-10-09T12:09:25.726Z\"" : "\"2099-01-01T00:00:00Z\"");
        AssertTerm(full, "request_signing", schema >= 8 ? "\"required\"" : "\"none\"");
        AssertTerm(full, "expires_at", "\"2099-01-01T00:00:00Z\"");
        AssertTerm(full, "not_before", "\"2024-07-11T12:09:25.726Z\"");

        var row = await RowAsync(services, "key" + FullKey[7..30]);
        Assert.Equal(Metadata, row.Terms.Metadata!.Value.GetRawText());
        var facts = (await services.GetRequiredService<CredentialCache>().GetAsync(row.Id))!.Terms;
        Assert.Equal((2, 2, schema >= 2 ? 2 : (int?)null), (facts.Objects!.Count, facts.AllowedIps!.Count, facts.RateLimits?.Count));
        Assert.Equal(schema >= 8, facts.RequiresSignature);

        var plain = await ShownAsync(services, "key" + PlainKey[7..30]);
        foreach (var term in new[] { "objects", "allowed_ips", "rate_limits", "rotate_every_days", "metadata" })
        {
            AssertTerm(plain, term, "null");
        }

        Assert.Null((await RowAsync(services, "key" + PlainKey[7..30])).StoredTerms);
        AssertTerm(await ShownAsync(services, "pat" + PersonalToken[7..30]), "objects", """["repo:acme/*"]""");
        AssertTerm(await ShownAsync(services, "sec" + ClientSecret[7..30]), "allowed_ips", """["192.0.2.7"]""");
        AssertTerm(await ShownAsync(services, "key" + DisabledKey[7..30]), "metadata", "{}");
        AssertTerm(await ShownAsync(services, "key" + RevokedKey[7..30]), "allowed_ips", """["10.1.0.0/16"]""");
        if (schema >= 4)
        {
            var key = await ShownAsync(services, PublicKeyId);
            AssertTerm(key, "allowed_ips", """["10.0.0.0/8"]""");
            AssertTerm(key, "metadata", """{"a":null}""");
            AssertTerm(key, "rotate_every_days", "30");
            Assert.NotNull((await services.GetRequiredService<CredentialCache>().GetAsync(PublicKeyId))!.PublicKey);
        }
    }

    private static void AssertTerm(JsonElement credential, string member, string json) =>
        Assert.Equal((member, json), (member, credential.GetProperty(member).GetRawText()));

    private static async Task<JsonElement> ShownAsync(IServiceProvider services, string id)
    {
        var catalog = await services.GetRequiredService<CatalogCache>().GetAsync();
        var shown = (await RowAsync(services, id)).ToCredential(catalog, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        return JsonSerializer.SerializeToElement(shown, TokenryJson.Strict);
    }

    private static async Task<CredentialRow> RowAsync(IServiceProvider services, string id) =>
        (await services.GetRequiredService<Database>().ReadAsync(connection => CredentialStore.FindAsync(connection, id)))!;

    private static ServiceProvider Server(TestStore store) =>
        new ServiceCollection()
            .AddLogging()
            .AddCore(
                TokenryOptions.Read(
                    new ConfigurationBuilder()
                        .AddInMemoryCollection([
                            new("Tokenry:DataDirectory", Path.GetDirectoryName(store.KeyFile)),
                            new("ConnectionStrings:Tokenry", store.ConnectionString),
                        ])
                        .Build()
                )
            )
            .BuildServiceProvider();

    private static IEnumerable<int> Numbers() =>
        Directory
            .GetFiles(Folder, "schema-*.sql")
            .Select(file => int.Parse(Path.GetFileNameWithoutExtension(file)["schema-".Length..], CultureInfo.InvariantCulture))
            .Order();

    private static string Spelled(string sql, Engine engine) =>
        engine == Engine.Postgres ? Bytes().Replace(sql, @"'\x${hex}'::bytea") : sql;

    [GeneratedRegex("x'(?<hex>[0-9a-f]+)'", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Bytes();
}
