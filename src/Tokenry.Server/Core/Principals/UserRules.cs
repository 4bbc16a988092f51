using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Core.Principals;

/// <summary>Checks a user at create and after every update.</summary>
public static class UserRules
{
    /// <summary>The sign-in name: ASCII only, so that no look-alike of another user can exist; lower case.</summary>
    public static string Email(Validation check, string? email)
    {
        // Check before lowering: the lower case of the Kelvin sign is an ASCII k.
        var lower = email is not null && System.Text.Ascii.IsValid(email) ? email.ToLowerInvariant() : "";
        check.Require(
            EmailAddress.IsValid(lower),
            "email",
            new FieldFault(
                "not_email",
                $"must be an address such as ada@example.com: ASCII, one @, at most 64 characters before it, {EmailAddress.Longest} in all, nothing quoted",
                ("n", EmailAddress.Longest)
            )
        );
        return lower;
    }

    /// <summary>
    /// If a caller could set a password with a token, it could sign in as that user and keep access after the token ends. Users set their own passwords.
    /// </summary>
    public static void RefusePassword(Validation check, string? password) =>
        check.Require(
            password is null,
            "password",
            "cannot be set with a token: a person sets their own when they sign in. Leave it out, and make a personal access token for the user"
        );

    public static ProblemException EmailTaken() => ProblemException.Exists("A user with this email exists.");
}
