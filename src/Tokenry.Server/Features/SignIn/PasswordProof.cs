using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary>Compares the password of a person who is signed in. Attempts are counted, and a wrong one is recorded.</summary>
public sealed class PasswordProof(Passwords passwords, SignInThrottle throttle, Denials denials)
{
    /// <returns>Whether the password is right.</returns>
    /// <exception cref="ProblemException">429: too many attempts.</exception>
    public async Task<bool> HoldsAsync(Caller caller, SignInData person, string password)
    {
        var email = person.Email ?? person.Id;
        if (throttle.Count(email, caller.Request.Address) is { Ticks: > 0 } wait)
        {
            throw SignInWithPassword.TooMany(wait);
        }

        if (!await passwords.IsRightAsync(person.PasswordHash, password))
        {
            denials.RecordSignIn(caller.Request, person.Id, "wrong_password");
            return false;
        }

        throttle.TakeBack(email, caller.Request.Address);
        return true;
    }
}
