using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// Turns on the second factor of the person who is signed in, in two steps: the server shows a secret, and the person proves with a code that the app has it.
/// Sign-in asks for codes from the second step on. Both steps need a fresh proof.
/// </summary>
public sealed class EnrolSecondFactor(
    Gate gate,
    FreshAuthentication fresh,
    SecondFactors factors,
    TokenryOptions options,
    TimeProvider time
)
{
    /// <summary>Makes a secret, in place of an earlier one without a first code.</summary>
    /// <exception cref="ProblemException">403: a fresh proof is missing; 409: the second factor is on.</exception>
    public Task<SecondFactorEnrolment> StartAsync(Caller caller) =>
        gate.WriteAsync(
            caller,
            demand: null,
            "second_factor.enrolment_started",
            async operation =>
            {
                var person = await HoldAsync(operation);
                if (await SecondFactorStore.FindActiveAsync(operation.Transaction, person.Id) is not null)
                {
                    throw ProblemException.Exists(
                        "Your second factor is on. Turn it off first, then set it up anew.",
                        new PageText("sign_in_fault.factor_on")
                    );
                }

                return Enrolment(await factors.BeginAsync(operation.Transaction, person.Id), person);
            }
        );

    /// <summary>The secret again, for a person whose first code was wrong.</summary>
    /// <returns><c>null</c> = there is none that waits for its first code.</returns>
    /// <exception cref="ProblemException">403: a fresh proof is missing.</exception>
    public Task<SecondFactorEnrolment?> ShowAsync(Caller caller) =>
        gate.ReadOneAsync(
            caller,
            demand: null,
            "second_factor.read",
            async read =>
            {
                fresh.Require(read.Caller);
                var id = read.Caller.Principal.Id;
                return
                    await SecondFactorStore.FindAsync(read.Connection, id) is { } factor
                    && IsWaiting(factor)
                    && factors.Open(factor) is { } secret
                    && await SignInData.FindAsync(read.Connection, id) is { } person
                    ? Enrolment(secret, person)
                    : null;
            }
        );

    /// <summary>Turns it on, and ends the person's other sessions, which were begun with the password alone.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="code">The first code as typed.</param>
    /// <returns>The recovery codes; <c>null</c> = the code is wrong, or no secret waits for it.</returns>
    /// <exception cref="ProblemException">403: a fresh proof is missing; 429: too many wrong codes.</exception>
    public Task<IReadOnlyList<Secret>?> ConfirmAsync(Caller caller, string code) =>
        gate.WriteAsync<IReadOnlyList<Secret>?>(
            caller,
            demand: null,
            "second_factor.enabled",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                entry.OrganizationId = null; // the person's own, wherever they act
                var person = await HoldAsync(operation);
                if (
                    await SecondFactorStore.FindAsync(tx, person.Id) is not { } factor
                    || !IsWaiting(factor)
                    || !await factors.IsRightAsync(tx, entry, factor, code, now.Request)
                )
                {
                    entry.ChangedNothing = true;
                    return null;
                }

                entry.Changes = [AuditChanges.Of("second_factor", false, true)];
                await SecondFactorStore.ConfirmAsync(tx, person.Id, time.GetUtcNow().ToUnixTimeMilliseconds());
                await SessionStore.EndAllAsync(tx, person.Id, SessionCaller.SessionOf(now)?.Id);
                return await RecoveryCodes.ReplaceAsync(tx, person.Id);
            }
        );

    private bool IsWaiting(SecondFactorRow factor) =>
        !factor.IsActive
        && factor.CreatedAt + (long)SecondFactorStore.EnrolmentLife.TotalMilliseconds > time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Holds the row of the caller, who must have a fresh proof, and makes it the target of the event.</summary>
    private async Task<SignInData> HoldAsync(OperationContext operation)
    {
        fresh.Require(operation.Caller);
        var id = operation.Caller.Principal.Id;
        operation.Entry.TargetType = PrincipalType.User;
        operation.Entry.TargetId = id;
        return await SignInData.HoldAsync(operation.Transaction, id) ?? throw ProblemException.NotFound();
    }

    private SecondFactorEnrolment Enrolment(byte[] secret, SignInData person) =>
        new()
        {
            Key = AuthenticatorCodes.Spelled(secret),
            Address = AuthenticatorCodes.Address(
                secret,
                $"Tokenry ({new Uri(BrowserAddress.Of(options)).Host})",
                person.Email ?? person.Name
            ),
        };
}
