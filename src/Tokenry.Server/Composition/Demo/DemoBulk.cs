using System.Security.Cryptography;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Composition.Demo;

/// <summary>
/// The generated part of a large demonstration: four weeks in which the company of the story grows to a <see cref="DemoSize"/>. It writes rows as the server
/// writes them, in the order of time, through the storage layer, which chains the audit events. Its secrets are known to no one.
/// </summary>
internal static class DemoBulk
{
    /// <summary>As long as the server keeps its access log, and a little less.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromDays(28);

    /// <summary>Rows of a transaction, about. Each writes most pages of the indexes whose keys are not in the order of time, so that few are better.</summary>
    private const int Step = 250_000;

    /// <param name="options">The settings of a server that does not run, in whose store the story was told.</param>
    /// <param name="size">How much.</param>
    /// <param name="now">The end of the four weeks.</param>
    /// <param name="progress">Told the part that is done, from 0 to 1.</param>
    public static async Task FillAsync(TokenryOptions options, DemoSize size, DateTimeOffset now, Action<double> progress)
    {
        await using var services = new ServiceCollection().AddLogging().AddCore(options).BuildServiceProvider();
        await CoreServices.OpenStoreAsync(services);
        var database = services.GetRequiredService<Database>();
        var population = new DemoPopulation(size, await DemoGround.ReadAsync(database), options.Brands.Current, now);
        var records = new DemoRecords(size, population, now);
        var secrets = DemoStatements.Secret(services.GetRequiredService<KeyRing>().PepperVersion, () => RandomNumberGenerator.GetBytes(32));
        var slices = 1 + (size.Credentials + size.Rows) / Step;
        if (!options.Store.UsesPostgres)
        {
            // A page that is written again and again goes to the file once.
            await database.WriteAsync(tx => tx.ExecuteAsync("PRAGMA cache_size = -1048576; PRAGMA wal_autocheckpoint = 250000"));
        }

        for (var i = 0; i < slices; i++)
        {
            var slice = new DemoSlice(now - Span * (1 - (double)i / slices), now - Span * (1 - (i + 1.0) / slices));
            population.Make(slice, i, slices);
            records.Make(slice, i, slices);
            await database.WriteAsync(async tx =>
            {
                await slice.WriteAsync(tx, secrets);
                return i;
            });
            progress((i + 1.0) / slices);
        }

        await database.WriteAsync(tx => SettleAsync(tx, now));
    }

    /// <summary>What follows from all rows together.</summary>
    private static async Task<int> SettleAsync(WriteTransaction tx, DateTimeOffset now)
    {
        await tx.ExecuteAsync(
            """
            INSERT INTO credential_counts (owner_id, unrevoked)
            SELECT owner_id, count(*) FROM credentials WHERE state <> 'revoked' GROUP BY owner_id
            ON CONFLICT (owner_id) DO UPDATE SET unrevoked = excluded.unrevoked
            """
        );
        await tx.ExecuteAsync("UPDATE notice_progress SET position = (SELECT max(seq) FROM audit_events) WHERE name = 'trail'");
        return await tx.ExecuteAsync(
            "UPDATE notice_progress SET position = @now WHERE name = 'expiry'",
            new { now = now.ToUnixTimeMilliseconds() }
        );
    }
}
