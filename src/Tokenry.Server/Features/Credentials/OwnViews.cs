using Microsoft.AspNetCore.WebUtilities;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Credentials;

/// <summary>The views that a person saved: filters of the list of all credentials, under a name. What the list then shows is decided when it is opened.</summary>
public sealed class OwnViews(Gate gate, TimeProvider time)
{
    /// <summary>Those of users that were deleted.</summary>
    public static readonly PurgeRule Purge = new(
        "DELETE FROM saved_views WHERE id IN "
            + "(SELECT v.id FROM saved_views v JOIN principals p ON p.id = v.user_id WHERE p.deleted_at < @before LIMIT @step)",
        TimeSpan.Zero
    );

    private const string IdPrefix = "vew";
    private const string Noun = "view";
    private const int Most = 30;

    /// <summary>All of the caller, by name.</summary>
    public Task<IReadOnlyList<OwnView>> ListAsync(Caller caller) =>
        gate.ReadOneAsync<IReadOnlyList<OwnView>>(
            caller,
            demand: null,
            "views.listed",
            async read =>
            {
                StoreReader store = read.Connection;
                var rows = await store.QueryAsync<ViewRow>(
                    "SELECT id, name, filters FROM saved_views WHERE user_id = @Id ORDER BY name, id",
                    new { read.Caller.Principal.Id }
                );
                return [.. rows.Select(row => row.ToView())];
            }
        );

    /// <summary>Saves filters under a name. A view of the caller that has this name gets the filters.</summary>
    /// <exception cref="ProblemException">400: the name is not valid, or there is no filter; 409: the caller has as many as a person may have.</exception>
    public Task<OwnView> SaveAsync(Caller caller, string? name, IReadOnlyDictionary<string, string> filters) =>
        gate.WriteAsync(
            caller,
            demand: null,
            $"{Noun}.saved",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                var check = new Validation();
                var named = check.Name("name", name);
                check.Require(filters.Count > 0, "name", new FieldFault("needs_filter", "needs at least one filter"));
                check.ThrowIfAny();
                var known = await tx.FirstOrDefaultAsync<ViewRow>(
                    "SELECT id, name, filters FROM saved_views WHERE user_id = @Id AND name = @named",
                    new { now.Principal.Id, named }
                );
                if (known is null)
                {
                    await RequireRoomAsync(tx, now.Principal.Id);
                }

                var row = new ViewRow
                {
                    Id = known?.Id ?? PublicId.Create(IdPrefix, PublicId.NewUuid7(time.GetUtcNow())),
                    Name = named,
                    Filters = SavedView.Query(filters),
                };
                await tx.ExecuteAsync(
                    """
                    INSERT INTO saved_views (id, user_id, name, filters) VALUES (@Id, @user, @Name, @Filters)
                    ON CONFLICT (user_id, name) DO UPDATE SET filters = excluded.filters
                    """,
                    new
                    {
                        row.Id,
                        user = now.Principal.Id,
                        row.Name,
                        row.Filters,
                    }
                );
                Describe(entry, row.Id);
                entry.Changes = [AuditChanges.Of("filters", known?.Filters, row.Filters)];
                return row.ToView();
            }
        );

    /// <exception cref="ProblemException">400: the name is not valid; 404: the caller has no such view; 409: another view of the caller has the name.</exception>
    public async Task<bool> RenameAsync(Caller caller, string id, string? name)
    {
        try
        {
            return await gate.WriteAsync(
                caller,
                demand: null,
                $"{Noun}.renamed",
                async operation =>
                {
                    var (tx, entry, now, _, _) = operation;
                    var check = new Validation();
                    var named = check.Name("name", name);
                    check.ThrowIfAny();
                    var row = await HoldAsync(tx, now, id);
                    await tx.ExecuteAsync("UPDATE saved_views SET name = @named WHERE id = @Id", new { row.Id, named });
                    Describe(entry, row.Id);
                    entry.Changes = [AuditChanges.Of("name", row.Name, named)];
                    entry.ChangedNothing = row.Name == named;
                    return true;
                }
            );
        }
        catch (UniqueViolationException)
        {
            const string taken = "is the name of another view of yours";
            throw new ProblemException(409, ProblemCode.AlreadyExists, $"The name {taken}.")
            {
                Errors = new Dictionary<string, FieldFault[]>(StringComparer.Ordinal) { ["name"] = [new FieldFault("view_taken", taken)] },
            };
        }
    }

    /// <exception cref="ProblemException">404: the caller has no such view.</exception>
    public Task<bool> DeleteAsync(Caller caller, string id) =>
        gate.WriteAsync(
            caller,
            demand: null,
            $"{Noun}.deleted",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                var row = await HoldAsync(tx, now, id);
                await tx.ExecuteAsync("DELETE FROM saved_views WHERE id = @Id", new { row.Id });
                Describe(entry, row.Id);
                entry.Changes = [AuditChanges.Of("name", row.Name, null)];
                return true;
            }
        );

    private static async Task<ViewRow> HoldAsync(WriteTransaction tx, Caller caller, string id) =>
        (
            PublicId.IsWellFormed(id, IdPrefix)
                ? await tx.FirstOrDefaultAsync<ViewRow>(
                    $"SELECT id, name, filters FROM saved_views WHERE id = @id AND user_id = @user{tx.Dialect.ForUpdate("saved_views")}",
                    new { id, user = caller.Principal.Id }
                )
                : null
        ) ?? throw ProblemException.NotFound();

    private static async Task RequireRoomAsync(WriteTransaction tx, string userId)
    {
        if (await tx.FirstOrDefaultAsync<long>("SELECT count(*) FROM saved_views WHERE user_id = @userId", new { userId }) >= Most)
        {
            throw new ProblemException(
                409,
                ProblemCode.LimitReached,
                $"You have {Most} saved views, which is the most. Delete some that you do not need."
            )
            {
                Limit = Most,
            };
        }
    }

    /// <summary>A view is the person's own, wherever they act.</summary>
    private static void Describe(AuditEntry entry, string id) =>
        (entry.OrganizationId, entry.TargetType, entry.TargetId) = (null, Noun, id);

    /// <summary>A view as stored.</summary>
    private sealed record ViewRow
    {
        public string Id { get; init; } = "";

        public string Name { get; init; } = "";

        /// <summary>The filters as the query of an address.</summary>
        public string Filters { get; init; } = "";

        public OwnView ToView() =>
            new(
                Id,
                Name,
                QueryHelpers
                    .ParseQuery(Filters)
                    .ToDictionary(filter => filter.Key, filter => filter.Value.ToString(), StringComparer.Ordinal)
            );
    }
}

/// <summary>A view that a person saved.</summary>
/// <param name="Id"><c>vew_…</c></param>
/// <param name="Name">As the person named it.</param>
/// <param name="Filters">The filters of the list.</param>
public sealed record OwnView(string Id, string Name, IReadOnlyDictionary<string, string> Filters)
{
    /// <summary>The address of the list with these filters, below the base.</summary>
    public string Address => "credentials?" + SavedView.Query(Filters);

    /// <summary>Whether the list shows this view.</summary>
    public bool Is(IReadOnlyDictionary<string, string> filters) =>
        filters.Count == Filters.Count && Filters.All(own => filters.TryGetValue(own.Key, out var value) && value == own.Value);
}
