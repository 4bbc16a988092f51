using System.Globalization;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Credentials;

/// <summary>The pages of a bulk change: the preview, and each page of the result.</summary>
internal sealed class BulkView(ChangeInBulk change, OwnerNames names)
{
    /// <summary>How many credentials one request changes; a person reads the answer.</summary>
    private const string AtOnce = "50";

    /// <summary>How many pages of 200 a preview reads; beyond that it says "or more".</summary>
    private const int MostPages = 10;

    private const int ShortestOverlap = 60;

    private const int MostCount = 1_000_000_000;

    /// <summary>What a change would do.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="act">One of <see cref="BulkPages.Acts"/>.</param>
    /// <param name="listing">The filters.</param>
    /// <param name="form">What the person typed, if it was refused.</param>
    /// <param name="refusal">Why; <c>null</c> = nothing was refused.</param>
    public async Task<IResult> PreviewAsync(
        Caller caller,
        string act,
        Listing listing,
        PageForm? form = null,
        ProblemException? refusal = null
    )
    {
        var filters = listing.Filters(ListCredentials.Filters);
        var found = new List<BulkItem>();
        var (cursor, isMore) = ((string?)null, false);
        for (var page = 0; page == 0 || cursor is not null; page++)
        {
            if (page == MostPages)
            {
                isMore = true;
                break;
            }

            var answer = await ChangeAsync(caller, Of(filters, cursor, "200"), new(act, ShortestOverlap, Reason: null, IsDry: true));
            found.AddRange(answer.Items);
            cursor = answer.NextCursor;
        }

        var concerned = found.Where(item => item.Code is null).ToList();
        var left = found.Where(item => item.Code is not null).ToList();
        var shown = concerned.Take(BulkPage.Shown).Concat(left.Take(BulkPage.Shown));
        return new View<BulkPage>($"bulk_do.{act}")
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            Trail = [CredentialListPages.List],
            ["Act"] = act,
            ["Filters"] = filters,
            ["Concerned"] = concerned,
            ["Left"] = left,
            ["IsMore"] = isMore,
            ["Owners"] = await names.OfAsync(caller, shown.Select(item => item.Credential.Owner.Id)),
            ["Form"] = form ?? PageForm.Empty,
            ["Faults"] = refusal?.Errors,
        };
    }

    /// <summary>Changes one page, and shows what was done to each credential of it.</summary>
    /// <inheritdoc cref="PreviewAsync"/>
    public async Task<IResult> RunAsync(Caller caller, string act, Listing listing, PageForm form)
    {
        var filters = listing.Filters(ListCredentials.Filters);
        try
        {
            var cursor = form["cursor"];
            if (cursor is null && (form["confirm"] is null || form["confirm"] != form["count"]))
            {
                throw ProblemException.Invalid(
                    "confirm",
                    form["count"] is { } shown
                        ? new FieldFault("must_be", $"must be {shown}", ("value", shown))
                        : new FieldFault("must_be_number", "must be the number that the page shows")
                );
            }

            var overlap = Overlap(form);
            var answer = await ChangeAsync(caller, Of(filters, cursor, AtOnce), new(act, overlap, form["reason"], IsDry: false));
            return new View<BulkResultPage>($"bulk_do.{act}")
            {
                Trail = [CredentialListPages.List],
                ["Act"] = act,
                ["Filters"] = filters,
                ["Answer"] = answer,
                ["Owners"] = await names.OfAsync(caller, answer.Items.Select(item => item.Credential.Owner.Id)),
                ["Done"] = Number(form["done"]) + answer.Done,
                ["NotDone"] = Number(form["not_done"]) + answer.NotDone,
                ["Of"] = Number(form["count"]),
                ["Carried"] = Carried(form, overlap),
            };
        }
        catch (ProblemException refusal) when (refusal is { IsForForm: true, MissingScopes: null, Errors: not null })
        {
            return await PreviewAsync(caller, act, listing, form, refusal);
        }
    }

    private Task<BulkAnswer> ChangeAsync(Caller caller, Listing listing, Order order) =>
        order.Act switch
        {
            "revoke" => change.RevokeAsync(caller, listing, order.IsDry, new BulkRevocationRequest { Reason = order.Reason }),
            "disable" => change.DisableAsync(caller, listing, order.IsDry),
            _ => change.RotateAsync(caller, listing, order.IsDry, new BulkRotationRequest { OverlapSeconds = order.Overlap }),
        };

    private static Listing Of(IReadOnlyDictionary<string, string> filters, string? cursor, string limit) =>
        Listing.Of([
            .. filters.Select(filter => (filter.Key, filter.Value)),
            ("limit", limit),
            .. cursor is null ? [] : new[] { ("cursor", cursor) },
        ]);

    /// <summary>What the next request needs again.</summary>
    private static IReadOnlyList<(string Name, string Value)> Carried(PageForm form, int overlap) =>
        [
            ("count", form["count"] ?? "0"),
            ("overlap", overlap.ToString(CultureInfo.InvariantCulture)),
            .. form["reason"] is { } reason ? [("reason", reason)] : Array.Empty<(string, string)>(),
        ];

    /// <summary>In seconds; -1, which the operation refuses beside the field, if the field has no number.</summary>
    private static int Overlap(PageForm form)
    {
        var isExact = form["overlap"] == "exact";
        var unit = isExact ? 3600 : 1;
        return
            int.TryParse(form[isExact ? "overlap_hours" : "overlap"], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= int.MaxValue / unit
            ? number * unit
            : -1;
    }

    /// <summary>A count that a form carries; 0 if it is none.</summary>
    private static int Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= MostCount ? number : 0;

    /// <summary>What the person asks for.</summary>
    /// <param name="Act">One of <see cref="BulkPages.Acts"/>.</param>
    /// <param name="Overlap">In seconds, for a roll.</param>
    /// <param name="Reason">For a revocation.</param>
    /// <param name="IsDry">Whether nothing is to be changed.</param>
    private sealed record Order(string Act, int Overlap, string? Reason, bool IsDry);
}
