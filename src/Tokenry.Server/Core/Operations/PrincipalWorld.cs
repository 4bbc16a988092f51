using System.Data.Common;
using Dapper;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Operations;

/// <summary>Principals in a snapshot of the store, each before and after a change. It holds those that were loaded, and their owners.</summary>
internal sealed class PrincipalWorld(DbConnection connection, IReadOnlyDictionary<string, PrincipalFacts> changed)
{
    private const int Step = 500;

    private readonly Dictionary<string, PrincipalFacts> own = new(StringComparer.Ordinal);

    public IEnumerable<string> Ids => own.Keys;

    /// <summary>The principal as it is, bounded by its owner as it is.</summary>
    public PrincipalFacts? Before(string id) => Bounded(id, id => own.GetValueOrDefault(id));

    /// <summary>The principal as it would be, bounded by its owner as it would be.</summary>
    public PrincipalFacts? After(string id) => Bounded(id, id => changed.GetValueOrDefault(id) ?? own.GetValueOrDefault(id));

    /// <summary>Loads these principals and all that they own, directly or through others.</summary>
    public async Task LoadWithOwnedAsync(IEnumerable<string> ids)
    {
        var next = ids.ToList();
        for (var line = 1; next.Count > 0 && line <= PrincipalFacts.LongestLine; line++)
        {
            await LoadAsync(next);
            var owned = new List<string>();
            foreach (var chunk in next.Chunk(Step))
            {
                owned.AddRange(
                    await connection.QueryAsync<string>(
                        $"SELECT id FROM principals WHERE {Dialect.Of(connection).In("owner_id", "@chunk")} AND deleted_at IS NULL",
                        new { chunk }
                    )
                );
            }

            next = [.. owned.Where(id => !own.ContainsKey(id))];
        }
    }

    /// <summary>Loads the owners of the loaded principals, both before and after the change.</summary>
    public async Task LoadOwnersAsync()
    {
        for (var line = 1; line <= PrincipalFacts.LongestLine; line++)
        {
            var owners = own
                .Values.Concat(changed.Values)
                .Where(facts => facts.IsOwnerBound && !own.ContainsKey(facts.OwnerId!))
                .Select(facts => facts.OwnerId!)
                .Distinct(StringComparer.Ordinal)
                .ToList();
            if (owners.Count == 0)
            {
                return;
            }

            await LoadAsync(owners);
        }
    }

    private static PrincipalFacts? Bounded(string id, Func<string, PrincipalFacts?> find)
    {
        var line = new List<PrincipalFacts>();
        for (var next = find(id); next is not null; next = find(next.OwnerId!))
        {
            line.Add(next);
            if (!next.IsOwnerBound || line.Count == PrincipalFacts.LongestLine)
            {
                break;
            }
        }

        return line.Count == 0 ? null : PrincipalFacts.Bounded(line);
    }

    private async Task LoadAsync(IReadOnlyList<string> ids)
    {
        foreach (var facts in await PrincipalStore.OwnFactsAsync(connection, [.. ids.Where(id => !own.ContainsKey(id))], withDeleted: true))
        {
            own[facts.Id] = facts;
        }
    }
}
