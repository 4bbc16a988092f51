using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// An administrator makes a link with which a user sets a password, once: for a new user, and for one who forgot it. The holder of the link becomes that user, so
/// the caller needs what it needs to make tokens for all users, and every management right that the user holds. Not for itself: a token may have fewer rights
/// than its user.
/// </summary>
public sealed class CreateSignInLink(Gate gate, FreshAuthentication fresh, SignInLinks links)
{
    /// <summary>How long the link works: the user must receive it first.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    private static readonly Demand Demand = new(ManagementApi.CredentialsWrite);

    /// <param name="caller">The caller.</param>
    /// <param name="userId">The user.</param>
    /// <param name="resetsSecondFactor">Whether the use of the link also removes the user's second factor.</param>
    public Task<SignInLink> RunAsync(Caller caller, string userId, bool resetsSecondFactor)
    {
        return gate.WriteAsync(
            caller,
            Demand,
            "sign_in_link.created",
            async operation =>
            {
                fresh.Require(operation.Caller);
                if (userId == operation.Caller.Principal.Id)
                {
                    throw Problems.ExceedsOwn(
                        "A link for yourself would give a credential the rest of your rights. Change your password on a page."
                    );
                }

                var (row, _) = await PrincipalOperations.FindForChangeAsync(operation, PrincipalAddress.User(userId));
                if (row.Enabled != 1)
                {
                    throw new ProblemException(
                        409,
                        ProblemCode.UserDisabled,
                        "The user is disabled, so that a link would not work. Enable the user first."
                    );
                }

                var link = await links.CreateAsync(operation.Transaction, userId, Life, resetsSecondFactor);
                operation.Entry.Reason = resetsSecondFactor ? "its use removes the second factor" : null;
                return new SignInLink
                {
                    UserId = userId,
                    Url = link.Url.Reveal(),
                    ResetsSecondFactor = resetsSecondFactor,
                    ExpiresAt = link.ExpiresAt,
                };
            }
        );
    }
}
