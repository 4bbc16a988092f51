using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Usage;

/// <summary><c>/usage</c>: the page of counts, with a chart.</summary>
internal static class UsagePages
{
    /// <summary>The periods that the page offers: how far back, and the length of a bar of the chart. The first is the default.</summary>
    private static readonly (string Name, TimeSpan Past, TimeSpan Bar)[] Periods =
    [
        ("day", TimeSpan.FromHours(24), TimeSpan.FromHours(1)),
        ("week", TimeSpan.FromDays(7), TimeSpan.FromHours(6)),
        ("month", TimeSpan.FromDays(30), TimeSpan.FromDays(1)),
    ];

    private static readonly string[] Filters = ["api", "credential", "subject", "code"];

    /// <summary>Pages of counts that a chart reads at most.</summary>
    private const int MostReads = 25;

    private static readonly string[] Scopes =
    [
        ManagementApi.UsageRead,
        ManagementApi.TokensOwn,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationAudit,
    ];

    public static IServiceCollection AddUsagePages(this IServiceCollection services) =>
        services.AddSingleton(new NavigationEntry(NavigationSection.Watch, 0, "usage.title", "usage", "chart-bar") { Scopes = Scopes });

    public static void MapUsagePages(this IEndpointRouteBuilder app) => app.MapGet("/usage", ShowAsync).IsPageFor(Scopes);

    private static async Task<IResult> ShowAsync(Caller caller, HttpContext http, ListUsage list, TimeProvider time)
    {
        var asked = Listing.OfForm(http.Request.Query);
        var name = asked.OneOf("period", [.. Periods.Select(period => period.Name)]) ?? Periods[0].Name;
        var (_, past, bar) = Array.Find(Periods, period => period.Name == name);
        var to = EndOf(time.GetUtcNow(), bar);
        var filters = asked.Filters(Filters);
        var range = filters
            .Select(filter => (filter.Key, filter.Value))
            .Append(("from", TimestampConverter.Format(to - past)))
            .Append(("to", TimestampConverter.Format(to)))
            .ToArray();
        var counts = await AllAsync(cursor => list.RunAsync(caller, Of(range, ("group", "code"), ("limit", "200"), ("cursor", cursor))));
        return new View<UsagePage>("usage.title")
        {
            ["Bars"] = UsageBars.Of(counts, to - past, to, bar),
            ["Rows"] = await list.RunAsync(caller, Of(range, ("group", "credential,api,code"), ("cursor", asked.Cursor))),
            ["Filters"] = new Dictionary<string, string>(filters) { ["period"] = name },
            ["IsLater"] = asked.Cursor is not null,
        };
    }

    private static async Task<IReadOnlyList<UsageCount>> AllAsync(Func<string?, Task<Page<UsageCount>>> read)
    {
        var all = new List<UsageCount>();
        string? cursor = null;
        for (var reads = 0; reads == 0 || (cursor is not null && reads < MostReads); reads++)
        {
            var page = await read(cursor);
            all.AddRange(page.Items);
            cursor = page.NextCursor;
        }

        return all;
    }

    private static Listing Of(IEnumerable<(string Name, string Value)> range, params IEnumerable<(string Name, string? Value)> more) =>
        Listing.Of([.. range, .. more.Where(filter => filter.Value is not null).Select(filter => (filter.Name, filter.Value!))]);

    /// <summary>The end of the bar that holds this time, in whole bars of UTC.</summary>
    private static DateTimeOffset EndOf(DateTimeOffset now, TimeSpan bar) =>
        new(((now.UtcTicks / bar.Ticks) + 1) * bar.Ticks, TimeSpan.Zero);
}
