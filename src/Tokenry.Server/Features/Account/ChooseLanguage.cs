using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Account;

/// <summary>Keeps the language that a person chose on a page, for mails and the calendar. The page itself follows the cookie of the browser.</summary>
public sealed class ChooseLanguage(Gate gate)
{
    /// <param name="caller">The person.</param>
    /// <param name="language">A language of the pages.</param>
    public Task<bool> RunAsync(Caller caller, string language) =>
        gate.WriteAsync(
            caller,
            demand: null,
            "user.language_chosen",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                var id = now.Principal.Id;
                var before = await PrincipalStore.LanguageAsync(tx, id);
                entry.OrganizationId = null; // the person's own, wherever they act
                entry.TargetType = PrincipalType.User;
                entry.TargetId = id;
                entry.Changes = [AuditChanges.Of("language", before, language)];
                entry.ChangedNothing = before == language;
                await PrincipalStore.SetLanguageAsync(tx, id, language);
                return before != language;
            }
        );
}
