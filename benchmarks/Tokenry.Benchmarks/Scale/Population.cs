using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Composition;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Benchmarks.Scale;

/// <summary>
/// Fills a stopped server's store with real API keys — made by its own mint under its own pepper, written through its own storage layer — of
/// applications with a hundred keys each. Only their audit entries are left out: who imports has them elsewhere.
/// </summary>
internal static class Population
{
    private const int KeysEach = 100;
    private const int Step = 5000;

    private static readonly RowStatement<(string Id, string RoleId, long Now)> Principal = new RowStatement<(
        string Id,
        string RoleId,
        long Now
    )>("INSERT INTO principals (id, type, name, enabled, created_at) VALUES (@1, 'application', 'fleet', 1, @2)")
        .Text(row => row.Id)
        .Number(row => row.Now);

    private static readonly RowStatement<(string Id, string RoleId, long Now)> Role = new RowStatement<(
        string Id,
        string RoleId,
        long Now
    )>("INSERT INTO principal_roles (principal_id, role_id) VALUES (@1, @2)")
        .Text(row => row.Id)
        .Text(row => row.RoleId);

    private static readonly RowStatement<(MintedSecret Minted, string OwnerId, long Now)> Credential = new RowStatement<(
        MintedSecret Minted,
        string OwnerId,
        long Now
    )>(
        "INSERT INTO credentials (id, kind, owner_id, name, masked, created_at, state) VALUES (@1, 'api_key', @2, 'device', @3, @4, 'active')"
    )
        .Text(row => row.Minted.Id)
        .Text(row => row.OwnerId)
        .Text(row => row.Minted.Masked)
        .Number(row => row.Now);

    private static readonly RowStatement<(MintedSecret Minted, string OwnerId, long Now)> Secret = new RowStatement<(
        MintedSecret Minted,
        string OwnerId,
        long Now
    )>("INSERT INTO credential_secrets (credential_id, version, hash, pepper_version) VALUES (@1, 1, @2, @3)")
        .Text(row => row.Minted.Id)
        .Bytes(row => row.Minted.Hash)
        .Number(row => (long)row.Minted.PepperVersion);

    /// <param name="dataDirectory">Of a server that does not run.</param>
    /// <param name="roleId">What the applications may do.</param>
    /// <param name="count">How many keys.</param>
    /// <param name="sample">How many of them to return, spread evenly.</param>
    /// <param name="progress">Told how many there are so far.</param>
    public static async Task<IReadOnlyList<string>> FillAsync(
        string dataDirectory,
        string roleId,
        int count,
        int sample,
        Action<int> progress
    )
    {
        var options = TokenryOptions.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection([KeyValuePair.Create<string, string?>("Tokenry:DataDirectory", dataDirectory)])
                .Build()
        );
        await using var services = new ServiceCollection().AddLogging().AddCore(options).BuildServiceProvider();
        await CoreServices.OpenStoreAsync(services);
        var database = services.GetRequiredService<Database>();
        var mint = services.GetRequiredService<SecretMint>();
        var now = TimeProvider.System.GetUtcNow();
        var every = Math.Max(1, count / sample);
        var kept = new List<string>(sample);
        var owner = "";
        for (var made = 0; made < count; )
        {
            var owners = new List<(string, string, long)>();
            var rows = new List<(MintedSecret Minted, string, long)>(Step);
            for (; rows.Count < Step && made < count; made++)
            {
                if (made % KeysEach == 0)
                {
                    owner = PublicId.Create("app", PublicId.NewUuid7(now));
                    owners.Add((owner, roleId, now.ToUnixTimeMilliseconds()));
                }

                var minted = mint.New(CredentialKind.ApiKey);
                rows.Add((minted, owner, now.ToUnixTimeMilliseconds()));
                if (made % every == 0 && kept.Count < sample)
                {
                    kept.Add(minted.Secret.Reveal());
                }
            }

            await database.WriteAsync(async tx =>
            {
                await tx.ExecuteEachAsync(Principal, owners);
                await tx.ExecuteEachAsync(Role, owners);
                await tx.ExecuteEachAsync(Credential, rows);
                await tx.ExecuteEachAsync(Secret, rows);
                return rows.Count;
            });
            progress(made);
        }

        return kept;
    }
}
